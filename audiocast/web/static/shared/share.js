/**
 * Ways to share a link: copy it, the system's share sheet, a QR code in a dialog.
 *
 * Plain HTTP is not a secure context, so a browser may offer neither the clipboard nor the share sheet.
 */

import { find } from "./dom.js";

const COPIED_FOR_MS = 2_000;

/**
 * Copy a text, by the clipboard API or, without it, by a selection.
 *
 * @param {string} text
 * @returns {Promise<boolean>} whether it is in the clipboard now
 */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** @param {string} text */
function copyBySelection(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true;
  field.className = "offscreen";
  const before = document.activeElement;
  // Nothing outside of an open dialog can take the focus.
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  field.select();
  let copied = false;
  try {
    copied = document.execCommand("copy");
  } catch {
    copied = false;
  }
  field.remove();
  if (before instanceof HTMLElement) {
    before.focus();
  }
  return copied;
}

/**
 * Make a button copy a text, and confirm it for a moment.
 *
 * @param {HTMLButtonElement} button
 * @param {() => string} text
 * @param {object} words
 * @param {HTMLElement} words.label the part of the button whose text changes
 * @param {() => string} words.usual
 * @param {() => string} words.done
 * @param {() => void} words.refused called where nothing can be copied
 */
export function attachCopy(button, text, { label, usual, done, refused }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  button.addEventListener("click", async () => {
    if (!(await copyText(text()))) {
      refused();
      return;
    }
    label.textContent = done();
    button.classList.add("done");
    clearTimeout(timer);
    timer = setTimeout(() => {
      label.textContent = usual();
      button.classList.remove("done");
    }, COPIED_FOR_MS);
  });
}

/**
 * Make a button copy the text of an element; where nothing can be copied, the button selects it.
 *
 * @param {HTMLButtonElement} button its label is a `[data-i18n]`
 * @param {HTMLElement} shown an input or a text area, or another element with the text
 * @param {import("./language.js").Language} language
 */
export function attachElementCopy(button, shown, language) {
  const label = find(button, "[data-i18n]", HTMLElement);
  const isField = shown instanceof HTMLInputElement || shown instanceof HTMLTextAreaElement;
  const text = () => (isField ? shown.value : (shown.textContent ?? ""));
  attachCopy(button, text, {
    label,
    usual: () => language.translate(label.dataset.i18n ?? ""),
    done: () => language.translate("copy.done"),
    refused: () => {
      if (isField) {
        shown.select();
      } else {
        getSelection()?.selectAllChildren(shown);
      }
      label.textContent = language.translate("copy.select");
    },
  });
}

/**
 * Show the share button where the browser has a share sheet.
 *
 * @param {HTMLButtonElement} button
 * @param {() => ShareData} what
 */
export function attachShare(button, what) {
  if (typeof navigator.share !== "function") {
    return;
  }
  button.hidden = false;
  button.addEventListener("click", () => {
    navigator.share(what()).catch(() => {}); // the visitor closed the share sheet
  });
}

/**
 * Make a button open the QR dialog. The picture is fetched with the first click.
 *
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} dialog a dialog, as far as the browser knows them: Safari does from 15.4 on
 * @param {() => string} picture path of the SVG
 */
export function attachQr(button, dialog, picture) {
  const image = find(dialog, "img", HTMLImageElement);
  button.addEventListener("click", () => {
    if (!isDialog(dialog)) {
      location.assign(picture());
      return;
    }
    image.src = picture();
    dialog.showModal();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog && isDialog(dialog)) {
      dialog.close(); // a click on the backdrop
    }
  });
}

/**
 * Say in the QR dialog which link it shows, and where the picture to save is.
 *
 * @param {string} link
 * @param {string} picture path of the SVG
 * @param {string} streamId
 */
export function describeQr(link, picture, streamId) {
  find(document, "#qr-link", HTMLElement).textContent = link;
  const png = find(document, "#qr-png", HTMLAnchorElement);
  png.href = picture.replace(".svg", ".png");
  png.download = `audiocast-${streamId}.png`;
}

/**
 * @param {HTMLElement} element
 * @returns {element is HTMLDialogElement}
 */
function isDialog(element) {
  return typeof HTMLDialogElement !== "undefined" && element instanceof HTMLDialogElement;
}

/**
 * Return the path and query of a URL: the same resource on this page's origin, the only one that its content policy
 * allows.
 *
 * @param {string} url absolute or relative
 */
export function pathOnThisOrigin(url) {
  const { pathname, search } = new URL(url, location.href);
  return pathname + search;
}

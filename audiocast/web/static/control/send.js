/**
 * How to send audio to a broadcast: a tab for each system, with the settings that Icecast source clients ask for, or a
 * command.
 *
 * The key, and what has it inside, is shown only when it was asked for.
 */

import { byId, find } from "../shared/dom.js";
import { command, SOURCE_NAMES } from "./commands.js";
import { icecastAccess, needsTls } from "./icecast.js";
import { updateText } from "../shared/language.js";
import { attachCopy, attachElementCopy } from "../shared/share.js";

const HIDDEN = "••••••••";

/**
 * Make the tabs and show the guide of the chosen one.
 *
 * @param {import("../shared/language.js").Language} language
 * @returns {(broadcast: import("../shared/api.js").Broadcast) => void} shows the guide for a broadcast
 */
export function attachSendGuide(language) {
  let [name] = SOURCE_NAMES;
  let isKeyShown = false;
  const keyField = byId("ingest-key", HTMLInputElement);
  const showKey = byId("show-key", HTMLButtonElement);
  /** @type {import("../shared/api.js").Broadcast | null} */
  let broadcast = null;

  const show = () => {
    if (!broadcast) {
      return;
    }
    const { ingest_url: ingestUrl, ingest_key: key } = broadcast;
    byId("about-source").textContent = language.translate(`send.about.${name}`);
    byId("command").replaceChildren(...breakable(command(name, ingestUrl, key)));
    byId("access").hidden = name !== "icecast";
    byId("access-tls").hidden = !needsTls(ingestUrl);
    const access = Object.entries(icecastAccess(ingestUrl, key));
    const rows = access.map(([field, value]) => row(field, value, field !== "password" || isKeyShown, language));
    byId("access-fields").replaceChildren(...rows);
    keyField.type = isKeyShown ? "text" : "password";
    showKey.setAttribute("aria-pressed", String(isKeyShown));
    updateText(byId("show-key-text"), language.translate(isKeyShown ? "send.key.hide" : "send.key.show"));
  };

  for (const each of SOURCE_NAMES) {
    byId("sources").append(tab(each, each === name, language));
  }
  byId("sources").addEventListener("change", (event) => {
    const chosen = /** @type {HTMLInputElement} */ (event.target);
    name = /** @type {import("./commands.js").Source} */ (chosen.value);
    show();
  });
  showKey.addEventListener("click", () => {
    isKeyShown = !isKeyShown;
    show();
  });
  language.addEventListener("change", show);
  attachElementCopy(byId("copy-command", HTMLButtonElement), byId("command"), language);
  return (next) => {
    broadcast = next;
    show();
  };
}

/**
 * @param {import("./commands.js").Source} name
 * @param {boolean} isChosen
 * @param {import("../shared/language.js").Language} language
 */
function tab(name, isChosen, language) {
  const input = document.createElement("input");
  input.type = "radio";
  input.name = "source";
  input.value = name;
  input.checked = isChosen;
  const words = document.createElement("span");
  words.textContent = language.translate(`send.source.${name}`);
  words.dataset.i18n = `send.source.${name}`;
  const label = document.createElement("label");
  label.className = "button";
  label.append(input, words);
  return label;
}

/**
 * Return a row with one setting and a button that copies it.
 *
 * @param {string} field a property of `Access` in icecast.js
 * @param {string} value
 * @param {boolean} isShown or dots are
 * @param {import("../shared/language.js").Language} language
 */
function row(field, value, isShown, language) {
  const copy = byId("access-row", HTMLTemplateElement).content.cloneNode(true);
  const element = find(/** @type {DocumentFragment} */ (copy), "div", HTMLElement);
  const name = find(element, "dt", HTMLElement);
  const shown = find(element, ".value", HTMLElement);
  const button = find(element, "button", HTMLButtonElement);
  name.textContent = language.translate(`send.access.${field}`);
  name.id = `access-${field}-name`;
  shown.textContent = isShown ? value : HIDDEN;
  shown.id = `access-${field}`;
  const label = find(element, "[data-i18n]", HTMLElement);
  label.textContent = language.translate("copy.copy");
  button.id = `copy-access-${field}`;
  button.setAttribute("aria-labelledby", `${button.id} ${name.id}`);
  attachCopy(button, () => value, {
    label,
    usual: () => language.translate("copy.copy"),
    done: () => language.translate("copy.done"),
    refused: () => {
      shown.textContent = value;
      getSelection()?.selectAllChildren(shown);
      label.textContent = language.translate("copy.select");
    },
  });
  return element;
}

/**
 * Split a command into pieces that lines may break between: an option with its value, a quoted word, the URL.
 *
 * @param {string} line
 * @returns {(Node | string)[]} with the same text as the line
 */
function breakable(line) {
  return line
    .split(/(?<= )(?=[-"])/)
    .map((piece) => {
      if (piece.includes("://")) {
        return piece;
      }
      const span = document.createElement("span");
      span.textContent = piece.trimEnd();
      return [span, piece.slice(piece.trimEnd().length)];
    })
    .flat();
}

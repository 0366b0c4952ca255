/**
 * How to send audio to a broadcast: a command, or the settings that Icecast source clients ask for.
 */

import { byId, find } from "../shared/dom.js";
import { command, likelySource, SOURCE_NAMES } from "./commands.js";
import { icecastAccess, needsTls } from "./icecast.js";
import { attachElementCopy } from "../shared/share.js";

/**
 * Fill the choice of sources and show the guide for the chosen one.
 *
 * @param {import("../shared/language.js").Language} language
 * @returns {(broadcast: import("../shared/api.js").Broadcast) => void} shows the guide for a broadcast
 */
export function attachSendGuide(language) {
  const source = byId("source", HTMLSelectElement);
  /** @type {import("../shared/api.js").Broadcast | null} */
  let broadcast = null;

  const show = () => {
    if (!broadcast) {
      return;
    }
    const { ingest_url: ingestUrl, ingest_key: key } = broadcast;
    const name = /** @type {import("./commands.js").Source} */ (source.value);
    byId("about-source").textContent = language.translate(`send.about.${name}`);
    byId("command").replaceChildren(...breakable(command(name, ingestUrl, key)));
    byId("access").hidden = name !== "icecast";
    byId("access-tls").hidden = !needsTls(ingestUrl);
    const rows = Object.entries(icecastAccess(ingestUrl, key)).map(([field, value]) => row(field, value, language));
    byId("access-fields").replaceChildren(...rows);
  };

  for (const name of SOURCE_NAMES) {
    const option = new Option(language.translate(`send.source.${name}`), name);
    option.dataset.i18n = `send.source.${name}`;
    source.append(option);
  }
  source.value = likelySource();
  source.addEventListener("change", show);
  language.addEventListener("change", show);
  attachElementCopy(byId("copy-command", HTMLButtonElement), byId("command"), language);
  return (next) => {
    broadcast = next;
    show();
  };
}

/**
 * Return a row with one setting and a button that copies it.
 *
 * @param {string} field a property of `Access` in icecast.js
 * @param {string} value
 * @param {import("../shared/language.js").Language} language
 */
function row(field, value, language) {
  const copy = byId("access-row", HTMLTemplateElement).content.cloneNode(true);
  const element = find(/** @type {DocumentFragment} */ (copy), "div", HTMLElement);
  const name = find(element, "dt", HTMLElement);
  const shown = find(element, ".value", HTMLElement);
  const button = find(element, "button", HTMLButtonElement);
  name.textContent = language.translate(`send.access.${field}`);
  name.id = `access-${field}-name`;
  shown.textContent = value;
  shown.id = `access-${field}`;
  find(element, "[data-i18n]", HTMLElement).textContent = language.translate("copy.copy");
  button.id = `copy-access-${field}`;
  button.setAttribute("aria-labelledby", `${button.id} ${name.id}`);
  attachElementCopy(button, shown, language);
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

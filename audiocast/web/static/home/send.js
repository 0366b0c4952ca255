/**
 * How to send sound to a broadcast: a command, or the settings that programs for Icecast ask for.
 */

import { command, likelySource, SOURCE_NAMES } from "./commands.js";
import { icecastAccess, needsTls } from "./icecast.js";
import { copyShown } from "../shared/share.js";

/** @param {string} id */
const $ = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * Fill the choice of sources and show what belongs to the chosen one.
 *
 * @param {import("../shared/language.js").Language} language
 * @returns {(broadcast: import("../shared/api.js").Broadcast) => void} shows how to send sound to a broadcast
 */
export function attachSend(language) {
  const source = /** @type {HTMLSelectElement} */ ($("source"));
  /** @type {import("../shared/api.js").Broadcast | null} */
  let broadcast = null;

  const show = () => {
    if (!broadcast) {
      return;
    }
    const { ingest_url: ingestUrl, ingest_key: key } = broadcast;
    const name = /** @type {import("./commands.js").Source} */ (source.value);
    $("about-source").textContent = language.say(`home.about.${name}`);
    $("command").replaceChildren(...words(command(name, ingestUrl, key)));
    $("access").hidden = name !== "icecast";
    $("access-tls").hidden = !needsTls(ingestUrl);
    const rows = Object.entries(icecastAccess(ingestUrl, key)).map(([field, value]) => row(field, value, language));
    $("access-fields").replaceChildren(...rows);
  };

  for (const name of SOURCE_NAMES) {
    const option = new Option(language.say(`home.source.${name}`), name);
    option.dataset.say = `home.source.${name}`;
    source.append(option);
  }
  source.value = likelySource();
  source.addEventListener("change", show);
  language.addEventListener("change", show);
  copyShown(/** @type {HTMLButtonElement} */ ($("copy-command")), $("command"), language);
  return (next) => {
    broadcast = next;
    show();
  };
}

/**
 * One setting of a program, with a button that copies it.
 *
 * @param {string} field a property of `Access` in icecast.js
 * @param {string} value
 * @param {import("../shared/language.js").Language} language
 */
function row(field, value, language) {
  const template = /** @type {HTMLTemplateElement} */ ($("access-row"));
  const element = /** @type {HTMLElement} */ (template.content.cloneNode(true)).firstElementChild;
  const part = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (element?.querySelector(selector));
  const [name, shown, button] = [part("dt"), part(".value"), part("button")];
  name.textContent = language.say(`home.access.${field}`);
  name.id = `access-${field}-name`;
  shown.textContent = value;
  shown.id = `access-${field}`;
  part("[data-say]").textContent = language.say("copy.copy");
  button.id = `copy-access-${field}`;
  button.setAttribute("aria-labelledby", `${button.id} ${name.id}`);
  copyShown(/** @type {HTMLButtonElement} */ (button), shown, language);
  return /** @type {Element} */ (element);
}

/**
 * A command in pieces that lines may break between: an option with its value, a quoted word, the address.
 *
 * @param {string} line
 * @returns {(Node | string)[]} with the same text as the line
 */
function words(line) {
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

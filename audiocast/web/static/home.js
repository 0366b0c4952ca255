/**
 * The start page: what is on air, and starting a broadcast of one's own.
 *
 * The key stays in this page's memory and on its screen; it is stored nowhere.
 */

import { Refused, startBroadcast } from "./api.js";
import { command, likelySource, SOURCE_NAMES } from "./commands.js";
import { Language } from "./language.js";
import { attachOnAir } from "./onair.js";
import { attachCopy, attachQr, here } from "./share.js";
import { HOME_STRINGS } from "./strings_home.js";

/** @param {string} id */
const $ = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
/** @param {string} id */
const field = (id) => /** @type {HTMLInputElement} */ ($(id));

const language = new Language(document, HOME_STRINGS);
const form = /** @type {HTMLFormElement} */ ($("start-form"));
const create = /** @type {HTMLButtonElement} */ ($("create-button"));
const source = /** @type {HTMLSelectElement} */ ($("source"));

/** @type {import("./api.js").Broadcast | null} */
let broadcast = null;
/** What went wrong, as a key of strings_home.js and its values. @type {[string, Record<string, string>] | null} */
let trouble = null;

function showTrouble() {
  $("start-error").textContent = trouble ? language.say(...trouble) : "";
}

function showBroadcast() {
  form.hidden = broadcast !== null;
  $("broadcast").hidden = broadcast === null;
  if (!broadcast) {
    return;
  }
  field("listen-link").value = broadcast.listen_url;
  field("ingest-key").value = broadcast.ingest_key;
  $("qr-link").textContent = broadcast.listen_url;
  /** @type {HTMLAnchorElement} */ ($("open-link")).href = here(broadcast.listen_url);
  const png = /** @type {HTMLAnchorElement} */ ($("qr-png"));
  png.href = here(broadcast.qr_url).replace(/\.svg$/, ".png");
  png.download = `audiocast-${broadcast.stream_id}.png`;
  showCommand();
}

function showCommand() {
  if (!broadcast) {
    return;
  }
  const name = /** @type {import("./commands.js").Source} */ (source.value);
  const line = command(name, broadcast.ingest_url, broadcast.ingest_key);
  $("command").replaceChildren(...words(line));
  $("about-source").textContent = language.say(`home.about.${name}`);
}

/**
 * A command in pieces that lines may break between: an option with its value, a quoted word, the address.
 *
 * @param {string} line
 * @returns {(Node | string)[]} with the same text as the line
 */
function words(line) {
  return line.split(/(?<= )(?=[-"])/).map((piece) => {
    if (piece.includes("://")) {
      return piece;
    }
    const span = document.createElement("span");
    span.textContent = piece.trimEnd();
    return [span, piece.slice(piece.trimEnd().length)];
  }).flat();
}

/** @param {unknown} error */
function explain(error) {
  if (!(error instanceof Refused)) {
    return ["home.error.network", {}];
  }
  if (error.status !== 401) {
    return ["home.error.other", { message: error.message }];
  }
  return [field("token").value ? "home.error.token" : "home.error.token.missing", {}];
}

/** @param {SubmitEvent} event */
async function start(event) {
  event.preventDefault();
  trouble = null;
  showTrouble();
  create.disabled = true;
  $("create-button-text").textContent = language.say("home.creating");
  try {
    broadcast = await startBroadcast(field("title").value.trim(), field("token").value.trim());
    showBroadcast();
    $("broadcast-heading").focus();
  } catch (error) {
    trouble = /** @type {[string, Record<string, string>]} */ (explain(error));
    if (error instanceof Refused && error.status === 401) {
      $("token-field").hidden = false;
      field("token").focus();
    }
    showTrouble();
  } finally {
    create.disabled = false;
    $("create-button-text").textContent = language.say("home.create");
  }
}

/**
 * @param {string} button
 * @param {HTMLElement} shown where the text stands, selected when it cannot be copied
 */
function wireCopy(button, shown) {
  const label = $(`${button}-text`);
  const text = () => (shown instanceof HTMLInputElement ? shown.value : shown.textContent ?? "");
  attachCopy(/** @type {HTMLButtonElement} */ ($(button)), text, {
    label,
    usual: () => language.say(label.dataset.say ?? ""),
    done: () => language.say("copy.done"),
    refused: () => {
      select(shown);
      label.textContent = language.say("copy.select");
    },
  });
}

/** @param {HTMLElement} element */
function select(element) {
  if (element instanceof HTMLInputElement) {
    element.select();
  } else {
    getSelection()?.selectAllChildren(element);
  }
}

for (const name of SOURCE_NAMES) {
  const option = new Option(language.say(`home.source.${name}`), name);
  option.dataset.say = `home.source.${name}`;
  source.append(option);
}
source.value = likelySource();

form.addEventListener("submit", start);
source.addEventListener("change", showCommand);
$("another-button").addEventListener("click", () => {
  broadcast = null;
  showBroadcast();
  field("title").focus();
});
wireCopy("copy-link", field("listen-link"));
wireCopy("copy-key", field("ingest-key"));
wireCopy("copy-command", $("command"));
attachQr(
  /** @type {HTMLButtonElement} */ ($("qr-button")),
  /** @type {HTMLDialogElement} */ ($("qr-dialog")),
  () => here(broadcast?.qr_url ?? ""),
);
language.addEventListener("change", () => {
  showTrouble();
  showCommand();
});
language.attachSwitch($("language-switch"));
attachOnAir($("streams"), $("streams-remark"), language);

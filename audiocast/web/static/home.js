/**
 * The start page: what is on air, and starting a broadcast of one's own.
 *
 * The key stays in this page's memory and on its screen; it is stored nowhere.
 */

import { Refused, startBroadcast } from "./api.js";
import { Language } from "./language.js";
import { showListenLink } from "./listen_link.js";
import { Monitor } from "./monitor.js";
import { attachOnAir } from "./onair.js";
import { attachSend } from "./send.js";
import { attachQr, copyShown, here } from "./share.js";
import { startTrouble } from "./start_trouble.js";
import { HOME_STRINGS } from "./strings_home.js";

/** @param {string} id */
const $ = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
/** @param {string} id */
const field = (id) => /** @type {HTMLInputElement} */ ($(id));
/** @param {string} id */
const button = (id) => /** @type {HTMLButtonElement} */ ($(id));

const language = new Language(document, HOME_STRINGS);
const monitor = new Monitor(language);
const showSending = attachSend(language);
const form = /** @type {HTMLFormElement} */ ($("start-form"));
const create = button("create-button");

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
  showListenLink(broadcast);
  field("ingest-key").value = broadcast.ingest_key;
  showSending(broadcast);
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
    monitor.watch(broadcast.stream_id);
    $("broadcast-heading").focus();
  } catch (error) {
    trouble = startTrouble(error, field("token").value);
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

form.addEventListener("submit", start);
button("another-button").addEventListener("click", () => {
  broadcast = null;
  monitor.stop();
  showBroadcast();
  field("title").focus();
});
copyShown(button("copy-link"), field("listen-link"), language);
copyShown(button("copy-key"), field("ingest-key"), language);
attachQr(
  button("qr-button"),
  /** @type {HTMLDialogElement} */ ($("qr-dialog")),
  () => here(broadcast?.qr_url ?? ""),
);
language.addEventListener("change", showTrouble);
language.attachSwitch($("language-switch"));
monitor.addEventListener("change", attachOnAir($("streams"), $("streams-remark"), language));

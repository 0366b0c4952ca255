/**
 * The start page: what is on air, and starting a broadcast of one's own.
 *
 * The key stays in this page's memory and on its screen; it is stored nowhere.
 */

import { Language } from "../shared/language.js";
import { attachListenLink } from "../shared/listen_link.js";
import { Monitor } from "../shared/on_air_monitor.js";
import { attachOnAir } from "./live_list.js";
import { attachSend } from "./send.js";
import { copyShown } from "../shared/share.js";
import { StartForm } from "../shared/start_form.js";
import { HOME_STRINGS } from "./strings.js";

/** @param {string} id */
const $ = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
/** @param {string} id */
const field = (id) => /** @type {HTMLInputElement} */ ($(id));
/** @param {string} id */
const button = (id) => /** @type {HTMLButtonElement} */ ($(id));

const language = new Language(document, HOME_STRINGS);
const monitor = new Monitor(language);
const showSending = attachSend(language);
const startForm = new StartForm(language);
const showListenLink = attachListenLink(language, () => startForm.title);
const form = /** @type {HTMLFormElement} */ ($("start-form"));
const create = button("create-button");

/** @type {import("../shared/api.js").Broadcast | null} */
let broadcast = null;

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
  create.disabled = true;
  $("create-button-text").textContent = language.say("home.creating");
  broadcast = await startForm.ask();
  create.disabled = false;
  $("create-button-text").textContent = language.say("home.create");
  if (broadcast) {
    showBroadcast();
    monitor.watch(broadcast.stream_id);
    $("broadcast-heading").focus();
  }
}

form.addEventListener("submit", start);
button("another-button").addEventListener("click", () => {
  broadcast = null;
  monitor.stop();
  showBroadcast();
  field("title").focus();
});
copyShown(button("copy-key"), field("ingest-key"), language);
language.attachSwitch($("language-switch"));
monitor.addEventListener("change", attachOnAir($("streams"), $("streams-remark"), language));

/**
 * The start page: what is on air, and starting a broadcast of one's own.
 *
 * The key stays in this page's memory and on its screen; it is stored nowhere.
 */

import { byId } from "../shared/dom.js";
import { Language } from "../shared/language.js";
import { attachListenLink } from "../shared/listen_link.js";
import { Monitor } from "../shared/on_air_monitor.js";
import { attachOnAir } from "./live_list.js";
import { attachSend } from "./send.js";
import { copyShown } from "../shared/share.js";
import { StartForm } from "../shared/start_form.js";
import { HOME_STRINGS } from "./strings.js";

const language = new Language(document, HOME_STRINGS);
const monitor = new Monitor(language);
const showSending = attachSend(language);
const startForm = new StartForm(language);
const showListenLink = attachListenLink(language, () => startForm.title);
const form = byId("start-form", HTMLFormElement);
const create = byId("create-button", HTMLButtonElement);

/** @type {import("../shared/api.js").Broadcast | null} */
let broadcast = null;

function showBroadcast() {
  form.hidden = broadcast !== null;
  byId("broadcast").hidden = broadcast === null;
  if (!broadcast) {
    return;
  }
  showListenLink(broadcast);
  byId("ingest-key", HTMLInputElement).value = broadcast.ingest_key;
  showSending(broadcast);
}

/** @param {SubmitEvent} event */
async function start(event) {
  event.preventDefault();
  create.disabled = true;
  byId("create-button-text").textContent = language.say("home.creating");
  broadcast = await startForm.ask();
  create.disabled = false;
  byId("create-button-text").textContent = language.say("home.create");
  if (broadcast) {
    showBroadcast();
    monitor.watch(broadcast.stream_id);
    byId("broadcast-heading").focus();
  }
}

form.addEventListener("submit", start);
byId("another-button").addEventListener("click", () => {
  broadcast = null;
  monitor.stop();
  showBroadcast();
  byId("title").focus();
});
copyShown(byId("copy-key", HTMLButtonElement), byId("ingest-key", HTMLInputElement), language);
language.attachSwitch(byId("language-switch"));
monitor.addEventListener("change", attachOnAir(byId("streams"), byId("streams-remark"), language));

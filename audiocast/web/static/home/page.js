/**
 * The start page: the list of live streams, and the form that creates a broadcast.
 *
 * The page keeps the key in memory and on the screen, and stores it nowhere.
 */

import { byId } from "../shared/dom.js";
import { Language } from "../shared/language.js";
import { attachListenLink } from "../shared/listen_link.js";
import { OnAirMonitor } from "../shared/on_air_monitor.js";
import { attachLiveList } from "./live_list.js";
import { attachSendGuide } from "./send.js";
import { attachElementCopy } from "../shared/share.js";
import { StartForm } from "../shared/start_form.js";
import { HOME_STRINGS } from "./strings.js";

const language = new Language(document, HOME_STRINGS);
const monitor = new OnAirMonitor(language);
const showSendGuide = attachSendGuide(language);
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
  showSendGuide(broadcast);
}

/** @param {SubmitEvent} event */
async function startStream(event) {
  event.preventDefault();
  create.disabled = true;
  byId("create-button-text").textContent = language.translate("home.creating");
  broadcast = await startForm.submit();
  create.disabled = false;
  byId("create-button-text").textContent = language.translate("home.create");
  if (broadcast) {
    showBroadcast();
    monitor.watch(broadcast);
    byId("broadcast-heading").focus();
  }
}

form.addEventListener("submit", startStream);
byId("another-button").addEventListener("click", () => {
  broadcast = null;
  monitor.stop();
  showBroadcast();
  byId("title").focus();
});
attachElementCopy(byId("copy-key", HTMLButtonElement), byId("ingest-key", HTMLInputElement), language);
language.attachSwitch(byId("language-switch"));
monitor.addEventListener("change", attachLiveList(byId("streams"), byId("streams-remark"), language));

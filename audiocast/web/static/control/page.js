/**
 * The control page of one broadcast: whether it is on air, its link, how to send to it, and its end.
 *
 * The key is in the fragment of the page's address, which goes to no server: a bookmark, or the address on another
 * device, is enough to come back.
 */

import { byId } from "../shared/dom.js";
import { checkKey, endBroadcast } from "../shared/api.js";
import { Language, updateText } from "../shared/language.js";
import { attachListenLink } from "../shared/listen_link.js";
import { OnAirMonitor } from "../shared/on_air_monitor.js";
import {
  broadcastOf,
  claimedTitle,
  confirmLeaving,
  controlPath,
  forgetBroadcast,
  keepBroadcast,
  livePath,
  ownBroadcast,
} from "../shared/own_broadcasts.js";
import { attachAbout } from "./about.js";
import { attachAudience } from "./audience.js";
import { attachListenLinks } from "./listen_links.js";
import { attachSendGuide } from "./send.js";
import { attachElementCopy } from "../shared/share.js";
import { ShowControls } from "../shared/show_controls.js";
import { CONTROL_STRINGS } from "./strings.js";

const streamId = document.body.dataset.streamId ?? "";
const language = new Language(document, CONTROL_STRINGS);
const monitor = new OnAirMonitor(language);
const showControls = new ShowControls(language, monitor, false);
const showSendGuide = attachSendGuide(language);
const showAbout = attachAbout(language);
const showAudience = attachAudience(language);
const showLinks = attachListenLinks(language);
let title = "";
const showListenLink = attachListenLink(language, () => title);

/** @type {import("../shared/api.js").Broadcast | null} */
let broadcast = null;
/** @type {[string, Record<string, string>] | null} */
let trouble = null;

function showWords() {
  const name = title || language.translate("untitled");
  byId("broadcast-heading").textContent = language.translate(`control.head.${monitor.state}`, { title: name });
  updateText(byId("trouble"), trouble ? language.translate(...trouble) : "");
  updateText(byId("key-trouble"), trouble ? language.translate(...trouble) : "");
}

/** Open the broadcast of the key in the address, or of the one that this browser keeps. */
async function open() {
  const key = location.hash.slice(1) || ownBroadcast(streamId)?.ingest_key;
  if (!key) {
    byId("key-form").hidden = false;
    return;
  }
  const wanted = broadcastOf(streamId, key);
  const { isGood, title: shownTitle } = await checkKey(wanted);
  trouble = isGood ? null : ["control.bad", {}];
  byId("key-form").hidden = isGood;
  byId("broadcast").hidden = !isGood;
  monitor.stop();
  if (isGood) {
    show(wanted, shownTitle);
  }
  showWords();
}

/**
 * @param {import("../shared/api.js").Broadcast} wanted
 * @param {string} shownTitle that listeners see; may be empty
 */
function show(wanted, shownTitle) {
  broadcast = wanted;
  history.replaceState(null, "", controlPath(wanted));
  title = ownBroadcast(streamId)?.title || shownTitle || claimedTitle(wanted.ingest_key);
  const isKept = keepBroadcast(wanted, title);
  byId("unkept").hidden = isKept;
  if (!isKept) {
    addEventListener("beforeunload", confirmLeaving);
  }
  showControls.open(wanted, title);
  byId("ingest-key", HTMLInputElement).value = wanted.ingest_key;
  const base = document.body.dataset.localBase || location.origin;
  byId("control-link", HTMLInputElement).value = base + controlPath(wanted);
  byId("go-live", HTMLAnchorElement).href = livePath(wanted);
  showListenLink(wanted);
  showSendGuide(wanted);
  showAbout(wanted);
  showAudience(wanted);
  showLinks(wanted);
  monitor.watch(wanted);
}

/** @param {boolean} forGood */
async function end(forGood) {
  if (!broadcast || !confirm(language.translate(forGood ? "control.close.sure" : "show.end.sure"))) {
    return;
  }
  try {
    await endBroadcast(broadcast, forGood);
    trouble = null;
  } catch (error) {
    trouble = ["control.trouble", { message: error instanceof Error ? error.message : "" }];
  }
  showWords();
}

byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  history.replaceState(null, "", `#${byId("key-entry", HTMLInputElement).value.trim()}`);
  open();
});
showControls.addEventListener("title", () => {
  title = showControls.title;
  showWords();
});
byId("end").addEventListener("click", () => end(false));
byId("close").addEventListener("click", () => end(true));
byId("forget").addEventListener("click", () => {
  const name = title || language.translate("untitled");
  if (confirm(language.translate("own.forget.sure", { title: name }))) {
    forgetBroadcast(streamId);
    removeEventListener("beforeunload", confirmLeaving);
    location.replace("/");
  }
});
for (const [button, field] of [
  ["copy-key", "ingest-key"],
  ["copy-control", "control-link"],
]) {
  attachElementCopy(byId(button, HTMLButtonElement), byId(field, HTMLInputElement), language);
  byId(button).addEventListener("click", () => removeEventListener("beforeunload", confirmLeaving));
}
monitor.addEventListener("change", showWords);
addEventListener("hashchange", open);
language.addEventListener("change", showWords);
language.attachSwitch(byId("language-switch"));
open();

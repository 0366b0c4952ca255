/**
 * The broadcaster's page: joins the capture, its encoder, the uplink and the monitor.
 *
 * The page never shows "on air" by itself: on_air_monitor.js does, as the server confirms it. The broadcast is kept in this
 * browser, and in the fragment of the page's address: `#ID/KEY` is to go live at the same link again.
 */

import { byId } from "../shared/dom.js";
import { endBroadcast } from "../shared/api.js";
import { PageGuard } from "./wake_lock.js";
import { OggRecorder, PacketEncoder, encodingMethod } from "./encoders.js";
import { attachInputs } from "./inputs.js";
import { LevelMeter } from "./level_meter.js";
import { LoudnessMeter } from "./loudness_meter.js";
import { attachOnAirClock } from "./on_air_clock.js";
import { AudioCapture } from "./capture.js";
import { Uplink } from "./uplink.js";
import { Language, updateText } from "../shared/language.js";
import { attachListenLink } from "../shared/listen_link.js";
import { OnAirMonitor } from "../shared/on_air_monitor.js";
import {
  broadcastOf,
  claimedTitle,
  controlPath,
  keepBroadcast,
  livePath,
  ownBroadcast,
} from "../shared/own_broadcasts.js";
import { pathOnThisOrigin } from "../shared/share.js";
import { ShowControls } from "../shared/show_controls.js";
import { StartForm } from "../shared/start_form.js";
import { BROADCAST_STRINGS } from "./strings.js";

const CHECK_INTERVAL_MS = 500;
/** The uplink reconnects when the server has not confirmed its sound for this long. */
const UNCONFIRMED_MS = 6_000;
/** The page shows for this long that a packet was skipped. */
const SLOW_FOR_MS = 5_000;

const language = new Language(document, BROADCAST_STRINGS);
const capture = new AudioCapture();
const levelMeter = new LevelMeter(byId("level"), byId("level-words"), language);
const loudnessMeter = new LoudnessMeter(language);
const uplink = new Uplink();
const monitor = new OnAirMonitor(language);
const showControls = new ShowControls(language, monitor, true);
const pageGuard = new PageGuard();
const endDialog = byId("end-dialog", HTMLDialogElement);
const useMicrophone = attachInputs(capture, language);
const startForm = new StartForm(language);
const showListenLink = attachListenLink(language, () => title);
/** Refusals after which nobody comes back with the same key. */
const FINAL_REFUSALS = ["bad_key", "stream_ended"];

/** @type {"packets" | "ogg" | ""} */
let method = "";
/** @type {PacketEncoder | OggRecorder | null} of the open connection */
let encoder = null;
/** @type {import("../shared/api.js").Broadcast | null} that is on, was on, or is to go on again */
let broadcast = null;
/** Of the broadcast; may be empty. */
let title = "";

function stageNow() {
  return document.body.dataset.stage;
}

/** @param {"quiet" | "sending" | "over"} stage */
function showStage(stage) {
  document.body.dataset.stage = stage;
  byId("monitor").hidden = stage === "quiet";
  byId("on-air").hidden = stage === "quiet";
  byId("studio").hidden = stage === "over";
  byId("start-form").hidden = stage !== "quiet";
  byId("sharing").hidden = stage !== "sending";
  byId("controls").hidden = stage !== "sending";
  byId("mute").hidden = stage !== "sending";
  loudnessMeter.isShow = stage === "sending";
  byId("again").hidden = stage !== "over" || FINAL_REFUSALS.includes(uplink.refusal);
  byId("new").hidden = stage !== "over";
  byId("start-fields").hidden = broadcast !== null;
  byId("new-instead").hidden = broadcast === null;
  showNote();
}

/** @returns {[string, Record<string, string>]} key of the most important message now, or "", and its values */
function currentNote() {
  if (stageNow() === "over") {
    const code = uplink.refusal;
    const isNamed = ["taken_over", "broadcast_ended", ...FINAL_REFUSALS].includes(code);
    return [code ? `over.${isNamed ? code : "other"}` : "", { code }];
  }
  if (uplink.phase === "waiting" || (uplink.phase === "connecting" && uplink.openedAt > 0)) {
    return ["note.lost", {}];
  }
  if (uplink.isStandby) {
    return ["note.standby", {}];
  }
  if (!capture.kind) {
    return ["note.gone", {}];
  }
  if (showControls.isMuted) {
    return ["note.mute", {}];
  }
  if (performance.now() - uplink.skippedAt < SLOW_FOR_MS) {
    return ["note.slow", {}];
  }
  return [levelMeter.isSilent ? "note.silent" : "", {}];
}

function showNote() {
  const [key, values] = currentNote();
  updateText(byId("note"), key && broadcast ? language.translate(key, values) : "");
  const name = title || language.translate("untitled");
  byId("headline").textContent = stageNow() === "quiet" ? language.translate("broadcast.title") : name;
  byId("resume-note").textContent = broadcast ? language.translate("broadcast.resume", { title: name }) : "";
}

/** Replace the encoder by one for the open connection. */
function replaceEncoder() {
  encoder?.close();
  encoder = null;
  if (uplink.phase !== "open") {
    return;
  }
  const openedAt = uplink.openedAt;
  const send = (/** @type {Uint8Array<ArrayBuffer> | ArrayBuffer} */ message) => {
    // A recorder that was stopped still returns its last piece, which does not belong to the new connection.
    if (uplink.openedAt === openedAt) {
      uplink.send(message);
    }
  };
  const fail = () => uplink.renew();
  encoder =
    method === "packets"
      ? new PacketEncoder(capture.sampleRate, send, fail)
      : new OggRecorder(capture.toStream(), send, fail);
}

/** @param {Event} event */
async function goLive(event) {
  event.preventDefault();
  byId("go-live", HTMLButtonElement).disabled = true;
  if (capture.kind || (await useMicrophone())) {
    const started = broadcast ?? (await startForm.submit());
    if (started) {
      title = broadcast ? title : startForm.title;
      showBroadcast(started);
    }
  }
  byId("go-live", HTMLButtonElement).disabled = false;
}

/** @param {import("../shared/api.js").Broadcast} started */
function showBroadcast(started) {
  broadcast = started;
  uplink.refusal = "";
  keepBroadcast(started, title);
  history.replaceState(null, "", livePath(started));
  byId("control-page", HTMLAnchorElement).href = controlPath(started);
  showListenLink(started);
  monitor.stop();
  showControls.open(started, title);
  capture.setMuted(false);
  monitor.watch(started);
  levelMeter.reset();
  capture.restartLoudness();
  uplink.start(pathOnThisOrigin(started.ingest_url), started.ingest_key);
  pageGuard.acquire();
  showStage("sending");
  byId("headline").focus();
}

async function endStream() {
  const ended = broadcast;
  endDialog.close();
  stopSending();
  if (ended) {
    // If the request is lost, the server ends the stream after its grace period.
    await endBroadcast(ended).catch(() => {});
  }
}

function stopSending() {
  uplink.stop();
  pageGuard.release();
  capture.close();
  showStage("over");
}

/** Come back to the first stage, for the same link or, without a broadcast, for a new one. */
function startOver() {
  monitor.stop();
  uplink.refusal = "";
  showStage("quiet");
  byId("go-live").focus();
}

function startNew() {
  broadcast = null;
  title = "";
  history.replaceState(null, "", location.pathname);
  startOver();
}

/** Take the broadcast whose id and key are in the page's address, if any. */
function resume() {
  const [streamId, key] = location.hash.slice(1).split("/");
  if (!streamId || !key || stageNow() === "sending") {
    return;
  }
  const wanted = broadcastOf(streamId, key);
  title = ownBroadcast(streamId)?.title || claimedTitle(key);
  broadcast = wanted;
  showStage("quiet");
}

function checkConnection() {
  const since = performance.now() - Math.max(uplink.openedAt, monitor.stateChangedAt);
  if (uplink.phase === "open" && monitor.state !== "live" && since > UNCONFIRMED_MS) {
    uplink.renew();
  }
  if (broadcast) {
    showNote();
  }
}

/** @param {string} key why this browser cannot broadcast */
function showBarrier(key) {
  byId("studio").hidden = true;
  byId("barrier").hidden = false;
  const showText = () => {
    byId("barrier-title").textContent = language.translate(key);
    byId("barrier-text").textContent = language.translate(`${key}.text`);
  };
  language.addEventListener("change", showText);
  showText();
}

async function checkBrowser() {
  if (!isSecureContext) {
    showBarrier("barrier.insecure");
    return;
  }
  method = await encodingMethod();
  if (!method) {
    showBarrier("barrier.encoder");
  }
}

capture.addEventListener("frame", (event) => {
  encoder?.encode(/** @type {CustomEvent<Float32Array<ArrayBuffer>>} */ (event).detail);
});
capture.addEventListener("level", (event) => {
  const report = /** @type {CustomEvent<import("./capture.js").Report>} */ (event).detail;
  levelMeter.update(report.peaks);
  loudnessMeter.update(report);
});
capture.addEventListener("input", () => {
  levelMeter.reset();
  showNote();
});
uplink.addEventListener("standby", showNote);
uplink.addEventListener("phase", () => {
  replaceEncoder();
  if (uplink.phase === "refused") {
    stopSending();
  }
  showNote();
});
document.addEventListener("visibilitychange", () => capture.resume());
language.addEventListener("change", showNote);
language.attachSwitch(byId("language-switch"));
byId("start-form").addEventListener("submit", goLive);
// Not `confirm`: it would hold up the sound.
byId("end").addEventListener("click", () => endDialog.showModal());
byId("end-no").addEventListener("click", () => endDialog.close());
byId("end-yes").addEventListener("click", endStream);
byId("again").addEventListener("click", startOver);
byId("new").addEventListener("click", startNew);
byId("new-instead").addEventListener("click", startNew);
showControls.addEventListener("mute", () => {
  capture.setMuted(showControls.isMutedHere);
  levelMeter.reset();
  showNote();
});
showControls.addEventListener("title", () => {
  title = showControls.title;
  showNote();
});
attachOnAirClock(monitor);
addEventListener("hashchange", resume);
setInterval(checkConnection, CHECK_INTERVAL_MS);
checkBrowser();
resume();

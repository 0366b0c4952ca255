/**
 * The broadcaster's page: joins the capture, its encoder, the uplink and the monitor.
 *
 * The page never shows "on air" by itself: on_air_monitor.js does, as the server confirms it. The key stays in the page's
 * memory and is shown nowhere.
 */

import { byId } from "../shared/dom.js";
import { endBroadcast } from "../shared/api.js";
import { PageGuard } from "./wake_lock.js";
import { OggRecorder, PacketEncoder, encodingMethod } from "./encoders.js";
import { attachInputs } from "./inputs.js";
import { LevelMeter } from "./level_meter.js";
import { AudioCapture } from "./capture.js";
import { Uplink } from "./uplink.js";
import { Language, updateText } from "../shared/language.js";
import { attachListenLink } from "../shared/listen_link.js";
import { OnAirMonitor } from "../shared/on_air_monitor.js";
import { pathOnThisOrigin } from "../shared/share.js";
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
const uplink = new Uplink();
const monitor = new OnAirMonitor(language);
const pageGuard = new PageGuard();
const useMicrophone = attachInputs(capture, language);
const startForm = new StartForm(language);
const showListenLink = attachListenLink(language, () => startForm.title);

/** @type {"packets" | "ogg" | ""} */
let method = "";
/** @type {PacketEncoder | OggRecorder | null} of the open connection */
let encoder = null;
/** @type {import("../shared/api.js").Broadcast | null} */
let broadcast = null;

/** @param {"quiet" | "sending" | "over"} stage */
function showStage(stage) {
  document.body.dataset.stage = stage;
  byId("on-air").hidden = stage === "quiet";
  byId("studio").hidden = stage === "over";
  byId("start-form").hidden = stage !== "quiet";
  byId("sharing").hidden = stage !== "sending";
  byId("again").hidden = stage !== "over";
  showNote();
}

/** @returns {[string, Record<string, string>]} key of the most important message now, or "", and its values */
function currentNote() {
  const { stage } = document.body.dataset;
  if (stage === "over") {
    const code = uplink.refusal;
    const key =
      code === "stream_ended" || !code ? "" : code in { taken_over: 1, bad_key: 1 } ? `over.${code}` : "over.other";
    return [key, { code }];
  }
  if (uplink.phase === "waiting" || (uplink.phase === "connecting" && uplink.openedAt > 0)) {
    return ["note.lost", {}];
  }
  if (!capture.kind) {
    return ["note.gone", {}];
  }
  if (performance.now() - uplink.skippedAt < SLOW_FOR_MS) {
    return ["note.slow", {}];
  }
  return [levelMeter.isSilent ? "note.silent" : "", {}];
}

function showNote() {
  const [key, values] = currentNote();
  updateText(byId("note"), key && broadcast ? language.translate(key, values) : "");
  byId("on-air-heading").textContent = startForm.title || language.translate("untitled");
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
    broadcast = await startForm.submit();
  }
  byId("go-live", HTMLButtonElement).disabled = false;
  if (broadcast) {
    showBroadcast(broadcast);
  }
}

/** @param {import("../shared/api.js").Broadcast} started */
function showBroadcast(started) {
  showListenLink(started);
  monitor.watch(started);
  levelMeter.reset();
  uplink.start(pathOnThisOrigin(started.ingest_url), started.ingest_key);
  pageGuard.acquire();
  showStage("sending");
  byId("on-air-heading").focus();
}

async function endStream() {
  const ended = broadcast;
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

function startOver() {
  monitor.stop();
  broadcast = null;
  uplink.refusal = "";
  showStage("quiet");
  byId("go-live").focus();
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
  const { samples, peak } = /** @type {CustomEvent<import("./capture.js").Frame>} */ (event).detail;
  levelMeter.update(peak);
  encoder?.encode(samples);
});
capture.addEventListener("input", () => {
  levelMeter.reset();
  showNote();
});
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
byId("end").addEventListener("click", endStream);
byId("again").addEventListener("click", startOver);
setInterval(checkConnection, CHECK_INTERVAL_MS);
checkBrowser();

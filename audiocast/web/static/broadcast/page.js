/**
 * The broadcaster's page: joins the sound, its encoder, the connection and what the server says of them.
 *
 * It never says "on air" by itself: that is on_air_monitor.js, which has it from the server. The key stays in this page's
 * memory and is shown nowhere.
 */

import { byId } from "../shared/dom.js";
import { endBroadcast } from "../shared/api.js";
import { Awake } from "./wake_lock.js";
import { OggRecorder, PacketEncoder, wayToEncode } from "./encoders.js";
import { attachInputs } from "./inputs.js";
import { Level } from "./level_meter.js";
import { Sound } from "./capture.js";
import { Uplink } from "./uplink.js";
import { Language, setWords } from "../shared/language.js";
import { attachListenLink } from "../shared/listen_link.js";
import { Monitor } from "../shared/on_air_monitor.js";
import { here } from "../shared/share.js";
import { StartForm } from "../shared/start_form.js";
import { BROADCAST_STRINGS } from "./strings.js";

const LOOK_MS = 500;
/** A connection of which the server confirms nothing for so long is made anew. */
const UNCONFIRMED_MS = 6_000;
/** A packet that was left out is told of for so long. */
const SLOW_FOR_MS = 5_000;

const language = new Language(document, BROADCAST_STRINGS);
const sound = new Sound();
const level = new Level(byId("level"), byId("level-words"), language);
const uplink = new Uplink();
const monitor = new Monitor(language);
const awake = new Awake();
const useMicrophone = attachInputs(sound, language);
const startForm = new StartForm(language);
const showListenLink = attachListenLink(language, () => startForm.title);

/** @type {"packets" | "ogg" | ""} */
let way = "";
/** @type {PacketEncoder | OggRecorder | null} of the open connection */
let encoder = null;
/** @type {import("../shared/api.js").Broadcast | null} */
let broadcast = null;

/** @param {"quiet" | "sending" | "over"} stage */
function enter(stage) {
  document.body.dataset.stage = stage;
  byId("on-air").hidden = stage === "quiet";
  byId("studio").hidden = stage === "over";
  byId("start-form").hidden = stage !== "quiet";
  byId("sharing").hidden = stage !== "sending";
  byId("again").hidden = stage !== "over";
  show();
}

/** @returns {[string, Record<string, string>]} the key of the sentence that matters most now, or "" */
function note() {
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
  if (!sound.kind) {
    return ["note.gone", {}];
  }
  if (performance.now() - uplink.leftOutAt < SLOW_FOR_MS) {
    return ["note.slow", {}];
  }
  return [level.isSilent ? "note.silent" : "", {}];
}

function show() {
  const [key, values] = note();
  setWords(byId("note"), key && broadcast ? language.say(key, values) : "");
  byId("on-air-heading").textContent = startForm.title || language.say("untitled");
}

/** A packet at a time from an AudioEncoder, or what a recorder makes of the same sound. */
function beginEncoding() {
  encoder?.close();
  encoder = null;
  if (uplink.phase !== "open") {
    return;
  }
  const socket = uplink.openedAt;
  const send = (/** @type {Uint8Array<ArrayBuffer> | ArrayBuffer} */ message) => {
    // A recorder that was stopped still gives its last piece, which is not the new connection's.
    if (uplink.openedAt === socket) {
      uplink.send(message);
    }
  };
  const fail = () => uplink.renew();
  encoder =
    way === "packets"
      ? new PacketEncoder(sound.sampleRateHz, send, fail)
      : new OggRecorder(sound.toStream(), send, fail);
}

/** @param {Event} event */
async function goLive(event) {
  event.preventDefault();
  byId("go-live", HTMLButtonElement).disabled = true;
  if (sound.kind || (await useMicrophone())) {
    broadcast = await startForm.ask();
  }
  byId("go-live", HTMLButtonElement).disabled = false;
  if (broadcast) {
    showBroadcast(broadcast);
  }
}

/** @param {import("../shared/api.js").Broadcast} begun */
function showBroadcast(begun) {
  showListenLink(begun);
  monitor.watch(begun.stream_id);
  level.begin();
  uplink.start(here(begun.ingest_url), begun.ingest_key);
  awake.begin();
  enter("sending");
  byId("on-air-heading").focus();
}

async function end() {
  const ended = broadcast;
  finish();
  if (ended) {
    // Without it listeners would wait for the grace to pass. The server ends the stream then, if this does not arrive.
    await endBroadcast(ended).catch(() => {});
  }
}

function finish() {
  uplink.stop();
  awake.end();
  sound.close();
  enter("over");
}

function again() {
  monitor.stop();
  broadcast = null;
  uplink.refusal = "";
  enter("quiet");
  byId("go-live").focus();
}

function look() {
  const since = performance.now() - Math.max(uplink.openedAt, monitor.changedAt);
  if (uplink.phase === "open" && monitor.air !== "live" && since > UNCONFIRMED_MS) {
    uplink.renew();
  }
  if (broadcast) {
    show();
  }
}

/** @param {string} key of what is in the way of broadcasting here at all */
function bar(key) {
  byId("studio").hidden = true;
  byId("barrier").hidden = false;
  const say = () => {
    byId("barrier-title").textContent = language.say(key);
    byId("barrier-text").textContent = language.say(`${key}.text`);
  };
  language.addEventListener("change", say);
  say();
}

async function begin() {
  if (!isSecureContext) {
    bar("barrier.insecure");
    return;
  }
  way = await wayToEncode();
  if (!way) {
    bar("barrier.encoder");
  }
}

sound.addEventListener("frame", (event) => {
  const { samples, peak } = /** @type {CustomEvent<import("./capture.js").Frame>} */ (event).detail;
  level.take(peak);
  encoder?.take(samples);
});
sound.addEventListener("input", () => {
  level.begin();
  show();
});
uplink.addEventListener("phase", () => {
  beginEncoding();
  if (uplink.phase === "refused") {
    finish();
  }
  show();
});
document.addEventListener("visibilitychange", () => sound.wake());
language.addEventListener("change", show);
language.attachSwitch(byId("language-switch"));
byId("start-form").addEventListener("submit", goLive);
byId("end").addEventListener("click", end);
byId("again").addEventListener("click", again);
setInterval(look, LOOK_MS);
begin();

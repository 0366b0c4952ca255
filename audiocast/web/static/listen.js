/**
 * The listener's page: joins the player, the news of the stream and the elements on the page.
 *
 * Decides what is said and shown; how sound is kept playing is player.js, what is known of the stream feed.js.
 */

import { Details } from "./details.js";
import { ElementOutput } from "./element_output.js";
import { StreamFeed } from "./feed.js";
import { HlsOutput, canPlayHls } from "./hls_output.js";
import { Language, setWords } from "./language.js";
import { LiveOutput } from "./live/live_output.js";
import { Loudspeaker } from "./live/loudspeaker.js";
import { MODES, chain } from "./live/methods.js";
import { ModeSwitch } from "./mode_switch.js";
import { Player } from "./player.js";
import { attachCopy, attachQr, attachShare, copyShown, here } from "./share.js";
import { Spectrum } from "./spectrum.js";
import { attachMediaKeys, claimPlayback, describeSound, IS_APPLE_TOUCH } from "./system.js";
import { attachVolume } from "./volume.js";

/** @param {string} id */
const $ = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const given = document.body.dataset;
const streamId = encodeURIComponent(given.streamId ?? "");
const audio = /** @type {HTMLAudioElement} */ ($("audio"));
const button = /** @type {HTMLButtonElement} */ ($("listen-button"));

const language = new Language(document);
const feed = new StreamFeed(`/api/streams/${streamId}`);
const player = new Player();
const mode = new ModeSwitch(/** @type {HTMLElement} */ ($("mode")), language);
const streamPath = `/stream/${streamId}`;
const spectrum = new Spectrum(/** @type {HTMLCanvasElement} */ ($("spectrum")), audio, !IS_APPLE_TOUCH);

/** @type {import("./feed.js").StreamState} */
let stream = JSON.parse(given.state ?? "");
/** The listener was listening when the stream ended, and it is back too late to resume by itself. */
let invited = false;

const loudspeaker = new Loudspeaker(audio);
const bitrateBps = () => stream.bitrate_bps ?? 0;
/** Outputs by the audio element. */
const elements = {
  audio: new ElementOutput(audio, streamPath, bitrateBps),
  hls: new HlsOutput(audio, streamPath, bitrateBps),
};

function outputs() {
  const names = chain({
    forced: new URLSearchParams(location.search).get("player"),
    mode: mode.name,
    hasWasmDecoder: "wasmDecoder" in given,
    // Chromium answers "probably" and Safari 18.4 "maybe"; only the empty answer means no.
    canPlayElement: audio.canPlayType("audio/ogg; codecs=opus") !== "",
    canPlayHls: canPlayHls(audio),
    isAppleTouch: IS_APPLE_TOUCH,
  });
  return names.map((name) =>
    name === "audio" || name === "hls"
      ? elements[name]
      : new LiveOutput(name, streamPath, MODES[mode.name], loudspeaker, () => stream.page_ms ?? 0),
  );
}

function canPlay() {
  return player.output !== undefined;
}

function title() {
  return stream.title || given.title || language.say("untitled");
}

/** @returns {string} the key of the sentence under the button, or "" */
function note() {
  const { state } = stream;
  if (!canPlay()) {
    return player.phase === "failed" ? "note.failed" : "note.unsupported";
  }
  if (player.phase === "blocked") {
    return "note.blocked";
  }
  if (state === "ended") {
    return player.phase === "over" ? "note.over" : player.wanted ? "" : "note.over.idle";
  }
  if (!player.wanted) {
    return state === "waiting" ? "note.waiting.idle" : state === "held" ? "note.held" : invited ? "note.again" : "";
  }
  if (!navigator.onLine && player.phase !== "playing") {
    return "note.offline";
  }
  if (state === "waiting") {
    return player.phase === "playing" ? "" : "note.waiting";
  }
  if (player.phase === "retrying" || (player.phase === "connecting" && player.isReturning)) {
    return "note.retrying";
  }
  return state === "held" ? "note.held" : player.phase === "connecting" ? "note.connecting" : "";
}

function showStream() {
  const now = stream.now_playing;
  const track = [now?.artist, now?.title].filter(Boolean).join(" — ");
  const onAir = stream.state === "live" || stream.state === "held";

  document.title = `${title()} · audiocast`;
  document.body.dataset.stream = stream.state;
  $("title").textContent = title();
  setWords($("status"), language.say(`status.${stream.state}`));
  $("now-playing").hidden = !track || !onAir;
  $("now-playing-text").textContent = track;
  // Who listens is one of them, even before the next news counts them in.
  const count = Math.max(stream.listeners ?? 0, player.phase === "playing" ? 1 : 0);
  $("listeners").textContent = onAir ? language.say("listeners", { count }) : "";
  $("since").textContent = onAir && stream.started_at ? language.say("since", { time: language.clock(stream.started_at) }) : "";
  describeSound({
    title: now?.title || title(),
    artist: now?.artist || (now?.title ? title() : "audiocast"),
    album: title(),
    artwork: given.artwork ?? "",
  });
  showPlayer();
}

function showPlayer() {
  const { phase } = player;
  const busy = phase === "connecting" || phase === "retrying";
  const action = busy ? "listen.cancel" : phase === "playing" ? "listen.pause" : "listen.start";
  document.body.dataset.player = phase;
  button.disabled = !canPlay() && player.phase !== "failed";
  $("listen-button-text").textContent = language.say(action);
  const key = note();
  setWords($("note"), key ? language.say(key) : "");
}

function startOrStop() {
  invited = false;
  if (player.wanted && player.phase !== "over") {
    player.stop();
    return;
  }
  claimPlayback();
  if (player.phase === "failed") {
    player.use(outputs());
  }
  player.play();
  wakeSpectrum();
}

/** An audio element is looked at through a context of the spectrum's own; others have one themselves. HLS is not looked
 *  at: Safari keeps it silent then. */
function wakeSpectrum() {
  if (player.wanted && player.output === elements.audio) {
    spectrum.wake();
  }
}

function wireSharing() {
  const link = given.listenUrl ?? location.href;
  const dialog = /** @type {HTMLDialogElement} */ ($("qr-dialog"));
  const openQr = /** @type {HTMLButtonElement} */ ($("qr-button"));
  attachQr(openQr, dialog, () => here(given.qrSvgUrl ?? ""));
  attachCopy(/** @type {HTMLButtonElement} */ ($("copy-button")), () => link, {
    label: $("copy-button-text"),
    usual: () => language.say("listen.copy"),
    done: () => language.say("copy.done"),
    refused: () => openQr.click(), // there the link stands in full, to be selected by hand
  });
  copyShown(/** @type {HTMLButtonElement} */ ($("copy-stream")), $("stream-link"), language);
  attachShare(/** @type {HTMLButtonElement} */ ($("share-button")), () => ({
    title: title(),
    text: language.say("share.text", { title: title() }),
    url: link,
  }));
}

player.addEventListener("phase", () => {
  if (player.phase === "playing") {
    spectrum.tap(player.output?.source ?? null);
  }
  spectrum.show(player.phase === "playing");
  if (player.phase === "retrying") {
    wakeSpectrum(); // a suspended audio context also holds the element still
  }
  showStream();
});
player.addEventListener("output", wakeSpectrum);
feed.addEventListener("state", (event) => {
  stream = { ...stream, .../** @type {CustomEvent} */ (event).detail };
  const wasOver = player.phase === "over";
  player.observe(stream);
  invited = invited || (wasOver && player.phase === "idle");
  showStream();
});
language.addEventListener("change", showStream);
button.addEventListener("click", startOrStop);

window.addEventListener("online", () => {
  player.nudge();
  feed.refresh();
  showPlayer();
});
window.addEventListener("offline", showPlayer);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    wakeSpectrum();
    player.nudge();
    feed.refresh();
  }
});
window.addEventListener("pagehide", () => feed.close());
window.addEventListener("pageshow", (event) => {
  if (event.persisted) {
    feed.open(); // back from the browser's page cache, which keeps no connections
  }
});

language.attachSwitch($("language-switch"));
attachMediaKeys(player);
wireSharing();
if (IS_APPLE_TOUCH) {
  $("volume").hidden = true; // the system ignores it: the hardware buttons rule
} else {
  const slider = /** @type {HTMLInputElement} */ ($("volume-slider"));
  attachVolume(audio, slider, /** @type {HTMLButtonElement} */ ($("mute-button")), language);
}
mode.addEventListener("change", () => player.use(outputs()));
player.use(outputs());
new Details($("details"), player, language);
/** @type {HTMLDetailsElement} */ ($("elsewhere")).open = !canPlay();
player.observe(stream);
showStream();
spectrum.show(false);
feed.open();
document.body.dataset.script = "runs"; // plain.js has nothing to do

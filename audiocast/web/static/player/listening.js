/**
 * Listening to one stream: joins its player with its state, and names the phrases that describe both.
 *
 * Owns all that the listener's page and the embedded player have in common except their elements: this module never
 * touches the page, and names phrases by their keys.
 */

import { ElementOutput } from "./element_output.js";
import { StreamEvents, trackText } from "../shared/stream_events.js";
import { HlsOutput, canPlayHls } from "./hls_output.js";
import { LiveOutput } from "./live/live_output.js";
import { AudioOutput } from "./live/audio_output.js";
import { MODES, availableMethods } from "./live/playback_methods.js";
import { Player } from "./player.js";
import { HAS_AUDIO_SESSION, IS_APPLE_TOUCH, IS_INSTALLED } from "./device.js";
import { attachMediaKeys, claimPlaybackSession } from "./media_session.js";

/** Fires "change" when the page must be updated, "wake" when an audio context may have to be resumed. */
export class Listening extends EventTarget {
  player = new Player();
  /** The stream ended while it played, and returned too late to resume by itself. */
  #cameBackTooLate = false;
  /** The visitor's link or code to a private stream is not good any more. */
  isLetOut = false;
  /** Of the player when it played last, or -1 since it has lost its connection. */
  #reconnections = 0;

  /**
   * @param {HTMLAudioElement} audio
   * @param {DOMStringMap} pageData what the server has put into the page: `streamId`, `title`, `state`, `wasmDecoder`
   * @param {() => import("./live/playback_methods.js").ModeName} mode the listener's choice
   */
  constructor(audio, pageData, mode) {
    super();
    const streamId = encodeURIComponent(pageData.streamId ?? "");
    this.audio = audio;
    this.pageData = pageData;
    this.mode = mode;
    this.apiPath = `/api/streams/${streamId}`;
    this.streamPath = `/stream/${streamId}`;
    this.pagePath = `/listen/${streamId}`;
    /** @type {import("../shared/stream_events.js").StreamState} */
    this.stream = JSON.parse(pageData.state ?? "");
    this.streamEvents = new StreamEvents(this.apiPath);
    const bitrateBps = () => this.stream.bitrate_bps ?? 0;
    this.elementOutput = new ElementOutput(audio, this.streamPath, bitrateBps);
    this.hlsOutput = new HlsOutput(audio, this.streamPath, bitrateBps);
    this.audioOutput = new AudioOutput(audio);
    this.player.addEventListener("phase", () => this.#onPhase());
    this.player.addEventListener("output", () => this.#emit("wake"));
    this.streamEvents.addEventListener("state", (event) =>
      this.#updateStream(/** @type {CustomEvent} */ (event).detail),
    );
    this.#watchNetworkAndTab();
  }

  /** Choose the outputs, and follow the state of the stream from now on. */
  open() {
    attachMediaKeys(this.player);
    this.chooseOutputs();
    this.player.updateStream(this.stream);
    this.streamEvents.open();
  }

  /** Choose the outputs for the current mode. */
  chooseOutputs() {
    const mode = this.mode();
    const names = availableMethods({
      forced: new URLSearchParams(location.search).get("player"),
      mode,
      hasWasmDecoder: "wasmDecoder" in this.pageData,
      // Chromium answers "probably" and Safari 18.4 "maybe"; only an empty answer means no.
      canPlayElement: this.audio.canPlayType("audio/ogg; codecs=opus") !== "",
      canPlayHls: canPlayHls(this.audio),
      isAppleTouch: IS_APPLE_TOUCH,
      isInstalled: IS_INSTALLED,
      hasAudioSession: HAS_AUDIO_SESSION,
    });
    const burstMs = () => this.stream.burst_ms ?? this.stream.page_ms ?? 0;
    const outputs = names.map((name) => {
      switch (name) {
        case "audio":
          return this.elementOutput;
        case "hls":
          return this.hlsOutput;
        default:
          return new LiveOutput(name, this.streamPath, MODES[mode], this.audioOutput, burstMs);
      }
    });
    this.player.setOutputs(outputs);
  }

  /** Start or stop, as the button does. Browsers allow a start in a click. */
  startOrStop() {
    this.#cameBackTooLate = false;
    if (this.player.isWanted && this.player.phase !== "over") {
      this.player.stop();
      return;
    }
    claimPlaybackSession();
    if (this.player.phase === "failed") {
      this.chooseOutputs();
    }
    this.player.play();
    this.#emit("wake");
  }

  get canPlay() {
    return this.player.output !== undefined;
  }

  get title() {
    return this.stream.title || this.pageData.title || "";
  }

  get isOnAir() {
    return this.stream.state === "live" || this.stream.state === "held";
  }

  /** The current track, as far as the broadcaster names it; "" otherwise. */
  get track() {
    return this.isOnAir ? trackText(this.stream.now_playing) : "";
  }

  /** At least this listener, while the player plays: the count from the server may be older. */
  get listeners() {
    return Math.max(this.stream.listeners ?? 0, this.player.phase === "playing" ? 1 : 0);
  }

  /** @returns {string} key of the phrase on the button */
  get actionKey() {
    const { phase } = this.player;
    const isBusy = phase === "connecting" || phase === "retrying";
    if (phase === "idle" && !this.isOnAir) {
      return this.stream.state === "ended" ? "listen.return" : "listen.begin";
    }
    return isBusy ? "listen.cancel" : phase === "playing" ? "listen.pause" : "listen.start";
  }

  /** @returns {string} key of the most important message now, or "" */
  get noteKey() {
    const { player } = this;
    if (this.isLetOut) {
      return "note.let_out";
    }
    const { state } = this.stream;
    if (player.isSilent && (player.phase === "connecting" || player.phase === "failed")) {
      return "note.silent";
    }
    if (!this.canPlay) {
      return player.phase === "failed" ? "note.failed" : "note.unsupported";
    }
    if (player.phase === "blocked") {
      return "note.blocked";
    }
    if (state === "ended") {
      return player.phase === "over" ? "note.over" : player.isWanted ? "" : "note.over.idle";
    }
    const isBusy = player.phase === "connecting" || player.phase === "retrying";
    if (state === "live" && this.stream.muted && !isBusy) {
      return "note.muted";
    }
    if (!player.isWanted) {
      const again = this.#cameBackTooLate ? "note.again" : "";
      return state === "waiting" ? this.#waitingKey : state === "held" ? "note.held" : again;
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

  /** A date says more than that nobody is broadcasting. */
  get #waitingKey() {
    return !this.stream.is_known ? "note.unknown" : this.stream.starts_at ? "" : "note.waiting.idle";
  }

  /** @param {"change" | "wake"} event */
  #emit(event) {
    this.dispatchEvent(new Event(event));
  }

  #onPhase() {
    const { phase, output } = this.player;
    if (phase === "retrying") {
      this.#emit("wake"); // a suspended audio context also stops the element
      this.#reconnections = -1;
    }
    if (phase === "playing" && output && output.reconnections !== this.#reconnections) {
      this.#reconnections = output.reconnections;
      this.streamEvents.reopen(); // what is said is never older than what is heard
    }
    this.#emit("change");
  }

  /** @param {Partial<import("../shared/stream_events.js").StreamState>} news */
  #updateStream(news) {
    this.stream = { ...this.stream, ...news };
    const wasOver = this.player.phase === "over";
    this.player.updateStream(this.stream);
    this.#cameBackTooLate = this.#cameBackTooLate || (wasOver && this.player.phase === "idle");
    if (news.is_known === false && "private" in this.pageData) {
      this.#askWhetherLetOut();
    }
    this.#emit("change");
  }

  /** A private stream that the visitor may not have any more looks as one that nobody knows; its page tells. */
  async #askWhetherLetOut() {
    const answer = await fetch(this.pagePath, { cache: "no-store" }).catch(() => null);
    if (answer?.status === 401 && !this.isLetOut) {
      this.isLetOut = true;
      this.player.stop();
      this.#emit("change");
    }
  }

  #watchNetworkAndTab() {
    addEventListener("online", () => {
      this.player.retryNow();
      this.streamEvents.reopen();
      this.streamEvents.refresh();
      this.#emit("change");
    });
    addEventListener("offline", () => this.#emit("change"));
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) {
        this.#emit("wake");
        this.player.retryNow();
        this.streamEvents.refresh();
      }
    });
    addEventListener("pagehide", () => this.streamEvents.close());
    addEventListener("pageshow", (event) => {
      if (event.persisted) {
        this.streamEvents.open(); // back from the browser's page cache, which keeps no connections
      }
    });
  }
}

/**
 * Listening to one stream: its player, the news of it, and what to say of both.
 *
 * Owns everything that the listener's page and an embedded player have in common but their elements: it never touches the
 * page, and names phrases by their keys.
 */

import { ElementOutput } from "./element_output.js";
import { StreamFeed, trackWords } from "../shared/stream_events.js";
import { HlsOutput, canPlayHls } from "./hls_output.js";
import { LiveOutput } from "./live/live_output.js";
import { Loudspeaker } from "./live/audio_output.js";
import { MODES, chain } from "./live/playback_methods.js";
import { Player } from "./player.js";
import { IS_APPLE_TOUCH } from "./device.js";
import { attachMediaKeys, claimPlayback } from "./media_session.js";

/** Fires "change" when something is to be shown anew, "wake" when sound may have to be woken up. */
export class Listening extends EventTarget {
  player = new Player();
  /** The listener was listening when the stream ended, and it is back too late to resume by itself. */
  #invited = false;

  /**
   * @param {HTMLAudioElement} audio
   * @param {DOMStringMap} given what the server says of the stream: `streamId`, `title`, `state`, `wasmDecoder`
   * @param {() => import("./live/playback_methods.js").ModeName} mode that the listener has chosen
   */
  constructor(audio, given, mode) {
    super();
    const streamId = encodeURIComponent(given.streamId ?? "");
    this.audio = audio;
    this.given = given;
    this.mode = mode;
    this.apiPath = `/api/streams/${streamId}`;
    this.streamPath = `/stream/${streamId}`;
    /** @type {import("../shared/stream_events.js").StreamState} */
    this.stream = JSON.parse(given.state ?? "");
    this.feed = new StreamFeed(this.apiPath);
    const bitrateBps = () => this.stream.bitrate_bps ?? 0;
    this.element = new ElementOutput(audio, this.streamPath, bitrateBps);
    this.hls = new HlsOutput(audio, this.streamPath, bitrateBps);
    this.loudspeaker = new Loudspeaker(audio);
    this.player.addEventListener("phase", () => this.#phase());
    this.player.addEventListener("output", () => this.#tell("wake"));
    this.feed.addEventListener("state", (event) => this.#hear(/** @type {CustomEvent} */ (event).detail));
    this.#followNetworkAndTab();
  }

  /** Choose the ways to play, and hear of the stream from now on. */
  open() {
    attachMediaKeys(this.player);
    this.choose();
    this.player.observe(this.stream);
    this.feed.open();
  }

  /** Choose the ways to play, again. */
  choose() {
    const mode = this.mode();
    const names = chain({
      forced: new URLSearchParams(location.search).get("player"),
      mode,
      hasWasmDecoder: "wasmDecoder" in this.given,
      // Chromium answers "probably" and Safari 18.4 "maybe"; only the empty answer means no.
      canPlayElement: this.audio.canPlayType("audio/ogg; codecs=opus") !== "",
      canPlayHls: canPlayHls(this.audio),
      isAppleTouch: IS_APPLE_TOUCH,
    });
    const pageMs = () => this.stream.page_ms ?? 0;
    const outputs = names.map((name) => {
      switch (name) {
        case "audio":
          return this.element;
        case "hls":
          return this.hls;
        default:
          return new LiveOutput(name, this.streamPath, MODES[mode], this.loudspeaker, pageMs);
      }
    });
    this.player.use(outputs);
  }

  /** What the button does. Call it from a click, as browsers want. */
  startOrStop() {
    this.#invited = false;
    if (this.player.wanted && this.player.phase !== "over") {
      this.player.stop();
      return;
    }
    claimPlayback();
    if (this.player.phase === "failed") {
      this.choose();
    }
    this.player.play();
    this.#tell("wake");
  }

  get canPlay() {
    return this.player.output !== undefined;
  }

  get title() {
    return this.stream.title || this.given.title || "";
  }

  get isOnAir() {
    return this.stream.state === "live" || this.stream.state === "held";
  }

  /** What is on, as far as the broadcaster says; "" otherwise. */
  get track() {
    return this.isOnAir ? trackWords(this.stream.now_playing) : "";
  }

  /** Who listens is one of them, even before the next news counts them in. */
  get listeners() {
    return Math.max(this.stream.listeners ?? 0, this.player.phase === "playing" ? 1 : 0);
  }

  /** @returns {string} the key of what the button does */
  get action() {
    const { phase } = this.player;
    const busy = phase === "connecting" || phase === "retrying";
    return busy ? "listen.cancel" : phase === "playing" ? "listen.pause" : "listen.start";
  }

  /** @returns {string} the key of the sentence that matters most now, or "" */
  get note() {
    const { player } = this;
    const { state } = this.stream;
    if (!this.canPlay) {
      return player.phase === "failed" ? "note.failed" : "note.unsupported";
    }
    if (player.phase === "blocked") {
      return "note.blocked";
    }
    if (state === "ended") {
      return player.phase === "over" ? "note.over" : player.wanted ? "" : "note.over.idle";
    }
    if (!player.wanted) {
      const again = this.#invited ? "note.again" : "";
      return state === "waiting" ? "note.waiting.idle" : state === "held" ? "note.held" : again;
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

  /** @param {"change" | "wake"} event */
  #tell(event) {
    this.dispatchEvent(new Event(event));
  }

  #phase() {
    if (this.player.phase === "retrying") {
      this.#tell("wake"); // a suspended audio context also holds the element still
    }
    this.#tell("change");
  }

  /** @param {Partial<import("../shared/stream_events.js").StreamState>} news */
  #hear(news) {
    this.stream = { ...this.stream, ...news };
    const wasOver = this.player.phase === "over";
    this.player.observe(this.stream);
    this.#invited = this.#invited || (wasOver && this.player.phase === "idle");
    this.#tell("change");
  }

  #followNetworkAndTab() {
    addEventListener("online", () => {
      this.player.nudge();
      this.feed.refresh();
      this.#tell("change");
    });
    addEventListener("offline", () => this.#tell("change"));
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) {
        this.#tell("wake");
        this.player.nudge();
        this.feed.refresh();
      }
    });
    addEventListener("pagehide", () => this.feed.close());
    addEventListener("pageshow", (event) => {
      if (event.persisted) {
        this.feed.open(); // back from the browser's page cache, which keeps no connections
      }
    });
  }
}

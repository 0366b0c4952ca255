/**
 * Keeps one live stream playing in an audio element: connects, notices a lost connection, tries again.
 *
 * Owns the element's `src` and play/pause; never touches the page. Every connection starts at the live edge, so a
 * pause lets go of the stream and play takes it up anew.
 *
 *   idle --play--> connecting --sound--> playing --lost--> retrying --timer--> connecting
 *   connecting --refused by the browser--> blocked        retrying --stream ended--> over --live again--> connecting
 *   any --stop--> idle
 *
 * @typedef {"idle" | "connecting" | "playing" | "retrying" | "over" | "blocked"} Phase
 * @typedef {import("./feed.js").StreamState} StreamState
 */

import { retryDelay, stallPatience } from "./patience.js";

const WATCH_INTERVAL_MS = 1_000;
/** A connection that played this long was a good one: the next failure starts with the shortest delay again. */
const STEADY_AFTER_MS = 10_000;
/** When the network or the tab came back, a clock that stands still gets only this long. */
const SUSPECT_PATIENCE_MS = 4_000;
/** Who joins a stream that has just begun gets no backlog, and an element that reads in blocks then runs dry at every
 *  one of them. So after each time it ran dry it rests this long, and has that much more in hand from there on. */
const CUSHION_MS = 1_000;
/** News that a stream is back reaches all its listeners at once; they return spread over this time. */
const RETURN_SPREAD_MS = 800;
/** A stream that comes back later than this does not burst into the room by itself. */
const RESUME_WINDOW_MS = 10 * 60_000;
/** After a pause by the system (a call, headphones, lock screen) the element keeps its stream, and with it the
 *  system's play button, for this long. */
const LET_GO_AFTER_MS = 60_000;

/** Fires "phase" whenever `phase` changed. */
export class Player extends EventTarget {
  /** @type {Phase} */
  phase = "idle";
  /** @type {ReturnType<typeof setTimeout> | undefined} the next attempt, or letting go of a paused stream */
  #timer = undefined;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #watch = undefined;
  #attempt = 0;
  #connection = 0;
  #lastPosition = 0;
  #steadyAt = Infinity;
  #stalledAt = Infinity;
  #overSince = 0;
  /** @type {StreamState["state"]} */
  #streamState = "waiting";
  #bitrateBps = 0;
  /** The element rests after it ran dry; nobody has asked for silence. */
  #gathering = false;

  /**
   * @param {HTMLAudioElement} audio
   * @param {string} streamPath `/stream/{id}` on this origin
   */
  constructor(audio, streamPath) {
    super();
    this.audio = audio;
    this.streamPath = streamPath;
    audio.addEventListener("playing", () => this.#sounding());
    audio.addEventListener("waiting", () => this.#hungry());
    audio.addEventListener("stalled", () => this.#hungry());
    audio.addEventListener("ended", () => this.#lost());
    audio.addEventListener("error", () => this.#lost());
    audio.addEventListener("pause", () => this.#pausedByOthers());
    audio.addEventListener("play", () => this.#playedByOthers());
  }

  /** Whether the listener asked for sound and has not taken it back. */
  get wanted() {
    return this.phase !== "idle" && this.phase !== "blocked";
  }

  /** Start at the live edge. Call it from a click, as browsers want. */
  play() {
    this.#attempt = 0;
    this.#connect();
  }

  /** Silence, and let go of the stream. */
  stop() {
    this.#release();
    this.#enter("idle");
  }

  /** Silence that the system's own play button can end; the stream is let go of a little later. */
  pause() {
    this.#rest();
    this.audio.pause();
  }

  /**
   * News of the stream: whether to go on trying, and how patiently.
   *
   * @param {StreamState} stream
   */
  observe({ state, bitrate_bps: bitrateBps }) {
    // Only a change ends the waiting early: news of a listener more must not make everyone try at once.
    const cameBack = state !== this.#streamState && (state === "live" || state === "held");
    this.#streamState = state;
    this.#bitrateBps = bitrateBps ?? 0;
    if (state === "ended" && this.phase === "retrying") {
      this.#finish();
    } else if (cameBack && this.phase === "retrying") {
      this.#retryIn(Math.random() * RETURN_SPREAD_MS);
    } else if (cameBack && this.phase === "over") {
      if (Date.now() - this.#overSince < RESUME_WINDOW_MS) {
        this.#attempt = 0;
        this.#retryIn(Math.random() * RETURN_SPREAD_MS);
      } else {
        this.#enter("idle");
      }
    }
  }

  /** The network or the tab came back: try now, and mistrust a connection that stands still. */
  nudge() {
    if (this.phase === "retrying") {
      this.#connect();
    } else if (this.#watch !== undefined) {
      this.#stalledAt = Math.min(this.#stalledAt, performance.now() + SUSPECT_PATIENCE_MS);
    }
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#gathering = false;
    this.#connection += 1;
    const connection = this.#connection;
    this.#startWatch();
    this.#enter("connecting");
    // A new URL each time: neither a cache nor the element may answer with sound from before.
    this.audio.src = `${this.streamPath}?t=${Date.now().toString(36)}-${connection}`;
    Promise.resolve(this.audio.play()).catch((/** @type {unknown} */ error) => {
      const reason = error instanceof Error ? error.name : "";
      if (connection === this.#connection && reason === "NotAllowedError") {
        this.#release();
        this.#enter("blocked");
      }
      // Anything else is an abort by ourselves, or comes as an "error" event too.
    });
  }

  #lost() {
    if (this.phase !== "connecting" && this.phase !== "playing") {
      return;
    }
    this.#release();
    if (this.#streamState === "ended") {
      this.#finish();
      return;
    }
    this.#retryIn(retryDelay(this.#attempt, Math.random()));
    this.#attempt += 1;
  }

  /** @param {number} delayMs */
  #retryIn(delayMs) {
    clearTimeout(this.#timer);
    this.#enter("retrying");
    this.#timer = setTimeout(() => this.#connect(), delayMs);
  }

  #finish() {
    clearTimeout(this.#timer);
    this.#overSince = Date.now();
    this.#enter("over");
  }

  /** Drop the connection: an element without a source downloads nothing. */
  #release() {
    clearTimeout(this.#timer);
    this.#gathering = false;
    this.#stopWatch();
    this.#connection += 1;
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.audio.load();
  }

  #rest() {
    this.#stopWatch();
    clearTimeout(this.#timer);
    this.#enter("idle");
    this.#timer = setTimeout(() => this.#release(), LET_GO_AFTER_MS);
  }

  #sounding() {
    if (this.phase === "connecting") {
      this.#enter("playing");
    }
  }

  #hungry() {
    if (this.phase === "playing" && this.audio.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) {
      this.#enter("connecting");
      this.#gather();
    }
  }

  #gather() {
    this.#gathering = true;
    this.audio.pause();
    this.#timer = setTimeout(() => {
      this.#gathering = false;
      this.audio.play().catch(() => {}); // a release in the meantime, which is no news
    }, CUSHION_MS);
  }

  #pausedByOthers() {
    // At its end an element pauses itself first; that is a lost connection, not a wish for silence.
    const active = this.phase === "connecting" || this.phase === "playing";
    if (active && !this.#gathering && this.audio.paused && !this.audio.ended && !this.audio.error) {
      this.#rest();
    }
  }

  #playedByOthers() {
    if (this.phase === "idle" && this.audio.hasAttribute("src")) {
      this.play();
    }
  }

  #startWatch() {
    this.#stopWatch();
    this.#lastPosition = this.audio.currentTime;
    this.#steadyAt = Infinity;
    this.#stalledAt = performance.now() + stallPatience(this.#bitrateBps);
    this.#watch = setInterval(() => this.#look(), WATCH_INTERVAL_MS);
  }

  #stopWatch() {
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  /** Bytes may flow, or the connection seem open, while no sound comes: only currentTime tells. */
  #look() {
    const now = performance.now();
    const position = this.audio.currentTime;
    if (position !== this.#lastPosition) {
      this.#lastPosition = position;
      this.#stalledAt = now + stallPatience(this.#bitrateBps);
      this.#steadyAt = Math.min(this.#steadyAt, now + STEADY_AFTER_MS);
      if (now >= this.#steadyAt) {
        this.#attempt = 0;
      }
    } else if (now >= this.#stalledAt) {
      this.#lost();
    }
  }

  /** @param {Phase} phase */
  #enter(phase) {
    if (phase !== this.phase) {
      this.phase = phase;
      this.dispatchEvent(new Event("phase"));
    }
  }
}

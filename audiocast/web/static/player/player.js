/**
 * Keeps one live stream playing: decides when to connect, notices a lost connection, tries again, and takes the next
 * way to play when one cannot.
 *
 * Never touches the page; the sound is its outputs'. Every start is at the live edge, so a pause lets go of the stream
 * and play takes it up anew.
 *
 *   idle --play--> connecting --sound--> playing --lost--> retrying --timer--> connecting
 *   connecting --refused by the browser--> blocked        retrying --stream ended--> over --live again--> connecting
 *   connecting, playing --unable--> connecting, by the next output; without one: failed
 *   any --stop--> idle
 *
 * An output fires "sound", "hungry" (it ran dry, and goes on by itself), "lost" (it does not), "refused" (the browser
 * wants a click first), "paused" and "resumed" (by the system's buttons), "unable" (it never will), and "report".
 *
 * @typedef {"idle" | "connecting" | "playing" | "retrying" | "over" | "blocked" | "failed"} Phase
 * @typedef {import("../shared/stream_events.js").StreamState} StreamState
 * @typedef {import("./element_output.js").ElementOutput | import("./live/live_output.js").LiveOutput} Output
 */

import { retryDelay } from "../shared/backoff.js";

/** A connection that played this long was a good one: the next failure starts with the shortest delay again. */
const STEADY_AFTER_MS = 10_000;
/** News that a stream is back reaches all its listeners at once; they return spread over this time. */
const RETURN_SPREAD_MS = 800;
/** A stream that comes back later than this does not burst into the room by itself. */
const RESUME_WINDOW_MS = 10 * 60_000;
/** After a pause by the system (a call, headphones, lock screen) the output keeps its stream, and with it the
 *  system's play button, for this long. */
const LET_GO_AFTER_MS = 60_000;

/** Fires "phase" whenever `phase` changed, "output" when another one has taken over, "report" when one reports. */
export class Player extends EventTarget {
  /** @type {Phase} */
  phase = "idle";
  /** @type {ReturnType<typeof setTimeout> | undefined} the next attempt, or letting go of a paused stream */
  #timer = undefined;
  #attempt = 0;
  #soundSince = Infinity;
  #overSince = 0;
  /** @type {StreamState["state"]} */
  #streamState = "waiting";
  /** @type {Output[]} the best one first */
  #outputs = [];
  #current = 0;

  /** @type {Output | undefined} */
  get output() {
    return this.#outputs[this.#current];
  }

  /** Whether a connection was lost, and none since was a good one. */
  get isReturning() {
    return this.#attempt > 0;
  }

  /** Whether the listener asked for sound and has not taken it back. */
  get wanted() {
    return this.phase !== "idle" && this.phase !== "blocked" && this.phase !== "failed";
  }

  /**
   * Play by these from now on.
   *
   * @param {Output[]} outputs the best one first
   */
  use(outputs) {
    const { wanted } = this;
    const isActive = this.phase === "connecting" || this.phase === "playing";
    this.output?.release();
    this.#outputs = outputs;
    this.#current = 0;
    for (const output of outputs) {
      this.#listenTo(output);
    }
    this.dispatchEvent(new Event("output"));
    if (isActive) {
      this.#connect();
    } else if (!wanted) {
      this.stop();
    }
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
    this.output?.pause();
    this.#rest();
  }

  /**
   * News of the stream: whether to go on trying.
   *
   * @param {StreamState} stream
   */
  observe({ state }) {
    // Only a change ends the waiting early: news of a listener more must not make everyone try at once.
    const cameBack = state !== this.#streamState && (state === "live" || state === "held");
    this.#streamState = state;
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
    } else if (this.wanted) {
      this.output?.suspect();
    }
  }

  /** @param {Output} output */
  #listenTo(output) {
    /** @type {Record<string, () => void>} */
    const reactions = {
      sound: () => this.#sounding(),
      hungry: () => this.phase === "playing" && this.#enter("connecting"),
      lost: () => this.#lost(),
      refused: () => this.#enter("blocked"),
      paused: () => this.#rest(),
      resumed: () => this.phase === "idle" && this.play(),
      unable: () => this.#next(),
      report: () => this.dispatchEvent(new Event("report")),
    };
    for (const [event, react] of Object.entries(reactions)) {
      output.addEventListener(event, () => output === this.output && react());
    }
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#soundSince = Infinity;
    this.#enter(this.output ? "connecting" : "failed");
    this.output?.start();
  }

  #next() {
    this.#current += 1;
    this.dispatchEvent(new Event("output"));
    this.#connect();
  }

  #sounding() {
    if (this.phase === "connecting") {
      this.#soundSince = Math.min(this.#soundSince, performance.now());
      this.#enter("playing");
    }
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
    if (performance.now() - this.#soundSince > STEADY_AFTER_MS) {
      this.#attempt = 0;
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
    this.#release();
    this.#overSince = Date.now();
    this.#enter("over");
  }

  #release() {
    clearTimeout(this.#timer);
    this.output?.release();
  }

  #rest() {
    clearTimeout(this.#timer);
    this.#enter("idle");
    this.#timer = setTimeout(() => this.#release(), LET_GO_AFTER_MS);
  }

  /** @param {Phase} phase */
  #enter(phase) {
    if (phase !== this.phase) {
      this.phase = phase;
      this.dispatchEvent(new Event("phase"));
    }
  }
}

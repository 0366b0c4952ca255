/**
 * Keeps one live stream playing: decides when to connect, notices a lost connection, retries, and uses the next output
 * when one is not supported.
 *
 * Never touches the page; its outputs make the sound. Every start is at the live edge, so a pause releases the stream
 * and play connects again.
 *
 *   idle --play--> connecting --playing--> playing --lost--> retrying --timer--> connecting
 *   connecting --blocked by the browser--> blocked        retrying --stream ended--> over --live again--> connecting
 *   connecting, playing --unsupported--> connecting, by the next output; without one: failed
 *   any --stop--> idle
 *
 * An output fires "playing"; "waiting" after an underrun, from which it recovers by itself; "lost" for a connection that
 * is gone; "blocked" where the browser wants a click first; "paused" and "resumed" by the system's buttons;
 * "unsupported" where it can never play; "silent" where the page's audio never runs, as without a sound output; and
 * "report".
 *
 * @typedef {"idle" | "connecting" | "playing" | "retrying" | "over" | "blocked" | "failed"} Phase
 * @typedef {import("../shared/stream_events.js").StreamState} StreamState
 *
 * @typedef {object} Playing what an output is beside that
 * @property {string} name of the method
 * @property {import("./live/buffer/jitter_buffer.js").Report | null} report
 * @property {boolean} usesAudioContext
 * @property {AudioNode | null} source the sound, to be analysed
 * @property {number} reconnections so far
 * @property {number} outputMs delay from there to the loudspeaker, 0 while unknown
 * @property {() => boolean} canResume whether the system's play button can start it again
 * @property {() => void} start
 * @property {() => void} pause
 * @property {() => void} release
 * @property {() => void} checkConnection
 *
 * @typedef {EventTarget & Playing} Output
 */

import { retryDelayMs } from "../shared/backoff.js";

/** After a connection that played for this long, the next failure starts with the shortest delay again. */
const GOOD_AFTER_MS = 10_000;
/** All listeners learn at once that a stream is back; they reconnect spread over this time. */
const RETURN_SPREAD_MS = 800;
/** A stream that returns later than this does not start to play by itself. */
const RESUME_WINDOW_MS = 10 * 60_000;
/** After a pause by the system (a call, headphones, lock screen) the output is kept for this long, and with it the
 *  system's play button. */
const RELEASE_PAUSED_AFTER_MS = 60_000;

/** Fires "phase" when `phase` changed, "output" when another output is used, "report" when the output reports. */
export class Player extends EventTarget {
  /** @type {Phase} */
  phase = "idle";
  /** @type {ReturnType<typeof setTimeout> | undefined} of the next attempt, or of the release of a paused output */
  #timer = undefined;
  #attempt = 0;
  #playingSince = Infinity;
  #overAt = 0;
  /** The page's audio never ran since the listener asked for sound, and nothing else was heard for long: Firefox says
   *  of an element that it plays, and finds no sound output then. */
  isSilent = false;
  /** @type {StreamState["state"]} */
  #streamState = "waiting";
  /** @type {Output[]} the best one first */
  #outputs = [];
  #currentIndex = 0;

  /** @type {Output | undefined} */
  get output() {
    return this.#outputs[this.#currentIndex];
  }

  /** Whether a connection was lost, and none since played for long. */
  get isReturning() {
    return this.#attempt > 0;
  }

  /** Whether the listener has asked for sound and not stopped since. */
  get isWanted() {
    return this.phase !== "idle" && this.phase !== "blocked" && this.phase !== "failed";
  }

  /**
   * Use these outputs from now on.
   *
   * @param {Output[]} outputs the best one first
   */
  setOutputs(outputs) {
    const { isWanted } = this;
    const isActive = this.phase === "connecting" || this.phase === "playing";
    this.output?.release();
    this.#outputs = outputs;
    this.#currentIndex = 0;
    this.isSilent = false;
    for (const output of outputs) {
      this.#listenTo(output);
    }
    this.dispatchEvent(new Event("output"));
    if (isActive) {
      this.#connect();
    } else if (!isWanted) {
      this.stop();
    }
  }

  /** Start at the live edge. Browsers allow that in a click. */
  play() {
    this.#attempt = 0;
    if (this.isSilent && this.phase !== "blocked") {
      this.#currentIndex = 0; // there may be a sound output now
      this.dispatchEvent(new Event("output"));
    }
    this.isSilent = false;
    this.#connect();
  }

  /** Stop, and release the stream. */
  stop() {
    this.#release();
    this.#enter("idle");
  }

  /** Pause so that the system's play button can resume; the stream is released a little later. */
  pause() {
    this.output?.pause();
    this.#idleThenRelease();
  }

  /**
   * Retry, wait or stop as the state of the stream says.
   *
   * @param {Pick<StreamState, "state">} stream
   */
  updateStream({ state }) {
    // Only a change ends the wait early: a new count of listeners must not make all players retry at once.
    const cameBack = state !== this.#streamState && (state === "live" || state === "held");
    this.#streamState = state;
    if (state === "ended" && this.phase === "retrying") {
      this.#enterOver();
    } else if (cameBack && this.phase === "retrying") {
      this.#scheduleRetry(Math.random() * RETURN_SPREAD_MS);
    } else if (cameBack && this.phase === "over") {
      if (Date.now() - this.#overAt < RESUME_WINDOW_MS) {
        this.#attempt = 0;
        this.#scheduleRetry(Math.random() * RETURN_SPREAD_MS);
      } else {
        this.#enter("idle");
      }
    }
  }

  /** The network or the tab came back: retry now, and check a connection that stands still. */
  retryNow() {
    if (this.phase === "retrying") {
      this.#connect();
    } else if (this.isWanted) {
      this.output?.checkConnection();
    }
  }

  /** @param {Output} output */
  #listenTo(output) {
    /** @type {Record<string, () => void>} */
    const reactions = {
      playing: () => this.#onPlaying(),
      waiting: () => this.phase === "playing" && this.#enter("connecting"),
      lost: () => this.#onLost(),
      blocked: () => this.#enter("blocked"),
      paused: () => this.#idleThenRelease(),
      resumed: () => this.phase === "idle" && this.play(),
      unsupported: () => this.#useNextOutput(),
      silent: () => this.#onSilent(),
      report: () => this.dispatchEvent(new Event("report")),
    };
    for (const [event, react] of Object.entries(reactions)) {
      output.addEventListener(event, () => output === this.output && react());
    }
  }

  #connect() {
    clearTimeout(this.#timer);
    this.#playingSince = Infinity;
    this.#enter(this.output ? "connecting" : "failed");
    this.output?.start();
  }

  /** Use one that needs no audio context: an element may find a way to be heard where a context finds none. */
  #onSilent() {
    this.isSilent = true;
    const next = this.#outputs.findIndex((each, index) => index > this.#currentIndex && !each.usesAudioContext);
    this.#useNextOutput(next < 0 ? this.#outputs.length : next);
  }

  #useNextOutput(index = this.#currentIndex + 1) {
    this.#currentIndex = index;
    this.dispatchEvent(new Event("output"));
    this.#connect();
  }

  #onPlaying() {
    if (this.phase === "connecting") {
      this.#playingSince = Math.min(this.#playingSince, performance.now());
      this.#enter("playing");
    }
  }

  #onLost() {
    if (this.phase !== "connecting" && this.phase !== "playing") {
      return;
    }
    this.#release();
    if (this.#streamState === "ended") {
      this.#enterOver();
      return;
    }
    if (performance.now() - this.#playingSince > GOOD_AFTER_MS) {
      this.#attempt = 0;
      this.isSilent = false;
    }
    if (this.isSilent) {
      this.#enter("failed"); // the connection is not to blame; the next click tries all outputs again
      return;
    }
    this.#scheduleRetry(retryDelayMs(this.#attempt, Math.random()));
    this.#attempt += 1;
  }

  /** @param {number} delayMs */
  #scheduleRetry(delayMs) {
    clearTimeout(this.#timer);
    this.#enter("retrying");
    this.#timer = setTimeout(() => this.#connect(), delayMs);
  }

  #enterOver() {
    this.#release();
    this.#overAt = Date.now();
    this.#enter("over");
  }

  #release() {
    clearTimeout(this.#timer);
    this.output?.release();
  }

  #idleThenRelease() {
    clearTimeout(this.#timer);
    this.#enter("idle");
    this.#timer = setTimeout(() => this.#release(), RELEASE_PAUSED_AFTER_MS);
  }

  /** @param {Phase} phase */
  #enter(phase) {
    if (phase !== this.phase) {
      this.phase = phase;
      this.dispatchEvent(new Event("phase"));
    }
  }
}

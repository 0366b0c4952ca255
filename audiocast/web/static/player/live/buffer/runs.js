/**
 * Tells the bursts of a source from the outages of a network, by what follows them.
 *
 * A run is sound that arrives without a pause. After an outage all that was held up arrives at once, and then the sound
 * goes on as before: one long run. A source that sends some seconds at a time makes run after run, each over as soon as
 * it has begun, and the next one comes when the last one is used up. Two such runs in succession tell. Until the next run
 * begins, nobody knows whether a run is a burst; whoever only wants to know how long to wait takes it for one. Pure,
 * without a clock. All times are milliseconds.
 */

/** A longer pause ends a run. */
const PAUSE_MS = 200;
/** A shorter run is jitter, for which the delay target has room anyway. */
const SHORTEST_BURST_MS = 400;
/** A run is a burst when it took at most this share of its length to arrive: slow networks take their time. */
const ARRIVES_WITHIN = 0.5;
/** And when the next one began after about its length: segments of HLS differ in length, and relays look for new ones at
 *  times of their own. */
const NEXT_AFTER_LEAST = 0.5;
const NEXT_AFTER_MOST = 2;
/** Of a network that is gone twice, the first time looks like a burst. */
const TELLING = 2;
/** A shorter burst, such as the end of a file, does not make the next long one an outage. */
const SHRINKS_BY = 0.75;
/** A source has no bursts any more when three times as much sound has come without one, and at least so much: longer
 *  than lateness is remembered. */
const FORGOTTEN_AFTER = 3;
const FORGOTTEN_AFTER_LEAST_MS = 30_000;
/** Longer pauses of a source are not believed: the server does not, either. */
const LONGEST_PAUSE_MS = 30_000;

export class Runs {
  /** The present run: when it began, when it last went on, and how much sound is in it. */
  #beganAtMs = NaN;
  #lastAtMs = NaN;
  #soundMs = 0;
  /** How many bursts there were in succession, and how much sound has come since. */
  #bursts = 0;
  #sinceMs = 0;
  #expectedMs = 0;

  /** @param {number} burstMs how much sound the source sends at once, as far as that is known; 0 while it is not */
  constructor(burstMs) {
    this.burstMs = burstMs < SHORTEST_BURST_MS ? 0 : burstMs;
  }

  /**
   * The server has found bursts meanwhile. To it, too, an outage of the source looks like one, so the next run must agree.
   *
   * @param {number} burstMs how much sound the source sends at once
   */
  expect(burstMs) {
    this.#expectedMs = burstMs;
  }

  /**
   * Take note of a piece of sound that has arrived.
   *
   * @param {number} nowMs
   * @param {number} durationMs its length
   */
  arrived(nowMs, durationMs) {
    if (!(nowMs - this.#lastAtMs <= PAUSE_MS)) {
      this.#endRun(nowMs);
      this.#beganAtMs = nowMs;
      this.#soundMs = 0;
    }
    this.#lastAtMs = nowMs;
    this.#soundMs += durationMs;
    this.#sinceMs += durationMs;
    if (this.#sinceMs > Math.max(FORGOTTEN_AFTER_LEAST_MS, FORGOTTEN_AFTER * this.burstMs)) {
      this.burstMs = 0;
    }
  }

  /** Nothing follows from what came before: the time of the stream has jumped. */
  reset() {
    this.#beganAtMs = NaN;
    this.#bursts = 0;
  }

  /**
   * @param {number} nowMs
   * @returns {number} how long nothing need arrive from now on, since a burst is not used up
   */
  pauseMs(nowMs) {
    const isBurst = this.#lastAtMs - this.#beganAtMs <= ARRIVES_WITHIN * this.#soundMs;
    const lengthMs = Math.min(LONGEST_PAUSE_MS, Math.max(this.burstMs, isBurst ? this.#soundMs : 0));
    return Math.max(0, this.#lastAtMs + lengthMs - nowMs) || 0; // nothing has arrived yet
  }

  /** @param {number} nowMs when the next run begins */
  #endRun(nowMs) {
    const soundMs = this.#soundMs;
    const tookMs = this.#lastAtMs - this.#beganAtMs;
    const nextAfterMs = nowMs - this.#beganAtMs;
    const isBurst =
      soundMs >= SHORTEST_BURST_MS &&
      tookMs <= ARRIVES_WITHIN * soundMs &&
      nextAfterMs >= NEXT_AFTER_LEAST * soundMs &&
      nextAfterMs <= NEXT_AFTER_MOST * soundMs;
    this.#bursts = isBurst ? this.#bursts + 1 : 0;
    const isExpected = this.#expectedMs >= NEXT_AFTER_LEAST * soundMs;
    if (isBurst && (this.burstMs > 0 || this.#bursts >= TELLING || isExpected)) {
      this.burstMs = Math.max(soundMs, nextAfterMs, SHRINKS_BY * this.burstMs);
      this.#sinceMs = 0;
    }
  }
}

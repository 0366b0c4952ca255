/**
 * Notices a way to play that stays silent though enough packets come, whatever the reason: another way is to be tried.
 *
 * Only such time counts as the sound that came would have lasted, and only once there was enough of it to begin: the
 * page waits for as much as it aims at. Pure, without a clock. All times are milliseconds.
 */

/** So long nothing may be heard. */
const PATIENCE_MS = 3_000;
/** At most this much counts of the time from one call to the next: a page that was asleep could not be heard. */
const LONGEST_STEP_MS = 1_000;

export class Watchdog {
  /** Since something was heard: how much sound came, until when that would last, and how much of this time is over. */
  #cameMs = 0;
  #lastsUntilMs = -Infinity;
  #silentMs = 0;
  #toldAtMs = 0;

  /** Sound is heard, or nobody expects any. */
  heard() {
    this.#cameMs = this.#silentMs = 0;
    this.#lastsUntilMs = -Infinity;
  }

  /**
   * Nothing is heard. To be told with all packets that a decoder gets, and from time to time without any.
   *
   * @param {number} nowMs
   * @param {number} soundMs how much sound has come since the last time
   * @param {number} aimMs how much sound the page waits for before it plays
   * @returns {boolean} whether this way to play has failed
   */
  isSilent(nowMs, soundMs, aimMs) {
    const stepMs = Math.min(LONGEST_STEP_MS, nowMs - this.#toldAtMs, this.#lastsUntilMs - this.#toldAtMs);
    this.#toldAtMs = nowMs;
    if (this.#cameMs >= aimMs) {
      this.#silentMs += Math.max(0, stepMs);
    }
    this.#cameMs += soundMs;
    this.#lastsUntilMs = Math.max(this.#lastsUntilMs, nowMs) + soundMs;
    return this.#silentMs >= PATIENCE_MS;
  }
}

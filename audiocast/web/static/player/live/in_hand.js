/**
 * How much sound listeners have in hand who play a stream as it comes: until that is used up, a connection on which
 * nothing comes is none to worry about.
 *
 * A source that sends 6 s every 6 s sends in real time. So time is counted from the sound that came, as the server
 * does (stream/gap.py). Pure, without a clock. All times are milliseconds.
 */

/** Two spans are looked back on: longer than any source waits, and short enough to forget a backlog that came at once
 *  when listening began. */
const SPAN_MS = 15_000;
/** More is not believed: that is how far back the server looks, too. */
const MOST_MS = 30_000;

export class InHand {
  /** Place in the stream of the end of all that came. */
  #endMs = NaN;
  /** How far this end was ahead of the time at the least, in the span before and in this one. */
  #lowestBeforeMs = Infinity;
  #lowestMs = Infinity;
  #spanBeganAtMs = 0;

  /**
   * Take note of sound that has arrived.
   *
   * @param {number} nowMs
   * @param {number} beginMs place of its beginning in the stream
   * @param {number} endMs place of its end
   */
  arrived(nowMs, beginMs, endMs) {
    if (Number.isNaN(this.#endMs)) {
      this.#endMs = beginMs;
      this.#spanBeganAtMs = nowMs;
    }
    const leadMs = this.#endMs - nowMs;
    if (nowMs - this.#spanBeganAtMs >= SPAN_MS) {
      this.#spanBeganAtMs = nowMs;
      this.#lowestBeforeMs = this.#lowestMs;
      this.#lowestMs = leadMs;
    }
    this.#lowestMs = Math.min(this.#lowestMs, leadMs);
    this.#endMs = endMs;
  }

  /** Another logical stream begins: forget the last one. */
  restart() {
    this.#endMs = NaN;
    this.#lowestBeforeMs = this.#lowestMs = Infinity;
  }

  /**
   * @param {number} nowMs
   * @returns {number} how much of the sound that came is still to be played; 0 when all of it is used up
   */
  ms(nowMs) {
    const ms = this.#endMs - nowMs - Math.min(this.#lowestBeforeMs, this.#lowestMs);
    return Math.max(0, Math.min(MOST_MS, ms)) || 0; // nothing came yet
  }
}

/**
 * The target length of the jitter buffer: as short as the network allows, longer after an underrun.
 *
 * Knows only when sound arrived and its place in the stream. All times are milliseconds. Pure, without a clock, so that
 * an hour of network can be tested in a moment.
 *
 * Lateness is how much later a piece of sound arrived than the most punctual piece of the last seconds. A difference
 * between clocks, and a delay that all pieces share, cancel out.
 *
 * A source that sends some seconds at once makes the first piece of each burst late by its length. That is no outage, and
 * runs.js tells the two apart.
 */

import { LONGEST_MS, burstExcessMs } from "./aim.js";
import { Runs } from "./runs.js";

/** The most punctual and the latest piece are found among this many slots of this length. */
const SLOT_MS = 1_000;
const SLOTS = 15;
/** For a thread that is late by itself, and for the fade-out. */
const MARGIN_MS = 15;
/** An underrun raises the target by this factor and this length. */
const RAISE_FACTOR = 1.5;
const RAISE_MS = 10;
/** A target that was enough for this long is lowered, so slowly that nobody hears it. */
const LOWER_AFTER_MS = 10_000;
const LOWER_MS_PER_SECOND = 4;
/** An outage is over with the first piece whose lateness is at most this, or what a burst explains. */
const PUNCTUAL_MS = 20;
/** The first piece of a burst may be late by this share of its length. */
const BURST_LATENESS = 1.5;
/** More outages than this within the slots are the normal pattern of the network. The target then grows to cover them, up
 *  to this length. */
const MOST_OUTAGES = 4;
const REGULAR_CEILING_MS = 2_500;

/**
 * @typedef {object} Bounds
 * @property {number} startMs target before anything is known
 * @property {number} floorMs so much more than a burst at least
 * @property {number} ceilingMs a larger lateness is an outage, which does not raise the target unless it recurs
 * @property {number} [burstMs] how much sound the source sends at once, as far as that is known
 */

export class DelayTarget {
  /** Of each slot the shortest transit, the largest lateness, and how many outages began and the longest; newest last.
   *  @type {{earliest: number, lateness: number, outages: number, longest: number}[]} */
  #slots = [];
  #slotEndsAtMs = -Infinity;
  #raisedAtMs = -Infinity;
  /** The target before an underrun, until a piece arrives that no outage held up. */
  #msBeforeRaise = Infinity;
  /** The target that the last seconds call for. */
  #neededMs = 0;
  #loweredAtMs = NaN;
  #inOutage = false;

  #runs;
  #transitMs = 0;

  /** @param {Bounds} bounds */
  constructor({ startMs, floorMs, ceilingMs, burstMs = 0 }) {
    this.floorMs = floorMs;
    this.ceilingMs = ceilingMs;
    this.ms = Math.min(LONGEST_MS, startMs + burstExcessMs(burstMs));
    this.#runs = new Runs(burstMs);
  }

  /** How much sound the source sends at once; 0 unless that is much. */
  get burstMs() {
    return this.#runs.burstMs;
  }

  /** How much later than the most punctual piece the last one arrived. */
  get latenessMs() {
    return this.#slots.length > 0 ? this.#transitMs - this.#earliestMs() : 0;
  }

  /** The largest lateness of the last seconds, without outages unless they are the normal pattern. */
  get jitterMs() {
    let [outages, lateness, longest] = [0, 0, 0];
    for (const slot of this.#slots) {
      outages += slot.outages;
      lateness = Math.max(lateness, slot.lateness);
      longest = Math.max(longest, slot.longest);
    }
    return outages > MOST_OUTAGES ? longest : lateness;
  }

  /**
   * Take note of a piece of sound that has arrived.
   *
   * @param {number} nowMs
   * @param {number} mediaMs place of its end in the stream
   * @param {number} durationMs its length: all of it arrived at once, so its beginning has waited for so long
   */
  arrived(nowMs, mediaMs, durationMs) {
    if (nowMs >= this.#slotEndsAtMs) {
      this.#slotEndsAtMs = nowMs + SLOT_MS;
      this.#slots = [...this.#slots.slice(1 - SLOTS), { earliest: Infinity, lateness: 0, outages: 0, longest: 0 }];
    }
    const hadBursts = this.burstMs > 0;
    this.#runs.arrived(nowMs, durationMs);
    const { burstMs } = this;
    const slot = this.#slots[this.#slots.length - 1];
    this.#transitMs = nowMs - mediaMs;
    slot.earliest = Math.min(slot.earliest, this.#transitMs);
    const lateness = this.latenessMs;
    // All that an outage held up arrives at once, each piece a little less late: that predicts nothing.
    const wasInOutage = this.#inOutage;
    const ceilingMs = Math.max(this.ceilingMs, BURST_LATENESS * burstMs);
    this.#inOutage = lateness > ceilingMs || (wasInOutage && lateness > Math.max(PUNCTUAL_MS, burstMs));
    slot.longest = Math.max(slot.longest, lateness);
    if (this.#inOutage && !wasInOutage) {
      slot.outages += 1;
      this.#undoRaise();
    }
    if (!this.#inOutage) {
      this.#msBeforeRaise = Infinity;
      slot.lateness = Math.max(slot.lateness, lateness);
    }
    this.#update(nowMs, durationMs);
    if (hadBursts && burstMs === 0) {
      this.ms = this.#neededMs; // another source: nobody need be seconds behind it
    }
  }

  /** @param {number} burstMs how much sound the source sends at once, as the server has found meanwhile */
  expect(burstMs) {
    this.#runs.expect(burstMs);
  }

  /** Forget what was measured: the time of the stream has jumped. */
  reset() {
    this.#slots = [];
    this.#slotEndsAtMs = -Infinity;
    this.#inOutage = false;
    this.#runs.reset();
    this.#undoRaise();
  }

  /** @param {number} nowMs when the last sample was played */
  underrun(nowMs) {
    if (this.#inOutage) {
      return;
    }
    this.#msBeforeRaise = Math.min(this.#msBeforeRaise, this.ms);
    this.ms = Math.max(this.ms, Math.min(this.ceilingMs, this.ms * RAISE_FACTOR + RAISE_MS));
    this.#raisedAtMs = nowMs;
  }

  /** The underrun came from an outage or a lost connection: a slightly longer buffer would not have helped. */
  #undoRaise() {
    this.ms = Math.min(this.ms, Math.max(this.#msBeforeRaise, this.#neededMs));
  }

  /**
   * @param {number} nowMs
   * @param {number} durationMs
   */
  #update(nowMs, durationMs) {
    const wishedMs = this.jitterMs + durationMs + MARGIN_MS;
    const mostMs = this.burstMs > 0 ? LONGEST_MS : Math.max(this.ceilingMs, REGULAR_CEILING_MS);
    const neededMs = Math.min(mostMs, Math.max(this.floorMs + burstExcessMs(this.burstMs), wishedMs));
    this.#neededMs = neededMs;
    const sinceMs = Number.isNaN(this.#loweredAtMs) ? 0 : nowMs - this.#loweredAtMs;
    this.#loweredAtMs = nowMs;
    if (neededMs > this.ms) {
      this.ms = neededMs;
      this.#raisedAtMs = nowMs;
    } else if (nowMs - this.#raisedAtMs > LOWER_AFTER_MS) {
      this.ms = Math.max(neededMs, this.ms - (LOWER_MS_PER_SECOND * sinceMs) / 1000);
    }
  }

  /** The transit of the most punctual piece. */
  #earliestMs() {
    let earliest = Infinity;
    for (const slot of this.#slots) {
      earliest = Math.min(earliest, slot.earliest);
    }
    return earliest;
  }
}

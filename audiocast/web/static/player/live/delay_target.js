/**
 * How much sound a player should have in hand: as little as the network allows, more after it has run dry.
 *
 * Knows only when sound arrived and which sound it was. All times are milliseconds. Pure: no clock of its own, so that
 * an hour of network can be tried in a moment.
 *
 * Lateness is how much later a piece of sound came than the most punctual one of the last seconds: clocks that differ,
 * and the delay that all of them share, fall out of it.
 */

/** The most punctual and the latest are looked for in this many slots of this length. */
const SLOT_MS = 1_000;
const SLOTS = 15;
/** For a thread that is late by itself, and for what a fade-out takes. */
const MARGIN_MS = 15;
/** After running dry: so much more. */
const RAISE_FACTOR = 1.5;
const RAISE_MS = 10;
/** What was enough for this long may sink, so slowly that nobody hears it. */
const CALM_MS = 10_000;
const SINK_MS_A_SECOND = 4;
/** An outage is over with the first piece that is as punctual as this. */
const PUNCTUAL_MS = 20;
/** More outages than this within the slots are none: the source sends so much at a time, or the network is like that.
 *  They are waited for then, up to so long ones. */
const SELDOM = 4;
const REGULAR_CEILING_MS = 2_500;

/**
 * @typedef {object} Bounds
 * @property {number} startMs before anything is known
 * @property {number} floorMs
 * @property {number} ceilingMs what comes later than this is an outage, and no reason to be late for ever, unless it
 *   comes so again and again
 */

export class DelayTarget {
  /** The most punctual transit and the largest lateness, and of outages how many began and the largest; newest last.
   *  @type {{earliest: number, lateness: number, outages: number, longest: number}[]} */
  #slots = [];
  #slotEndsAt = -Infinity;
  #raisedAt = -Infinity;
  /** Before it has run dry, until something arrives that is no outage's. */
  #beforeRaise = Infinity;
  /** What the last seconds call for. */
  #wanted = 0;
  #sunkAt = NaN;
  #inOutage = false;

  /** @param {Bounds} bounds */
  constructor({ startMs, floorMs, ceilingMs }) {
    this.floorMs = floorMs;
    this.ceilingMs = ceilingMs;
    this.ms = startMs;
  }

  /** The largest lateness of the last seconds, outages apart. */
  get jitterMs() {
    const outages = this.#slots.reduce((sum, slot) => sum + slot.outages, 0);
    return Math.max(0, ...this.#slots.map((slot) => (outages > SELDOM ? slot.longest : slot.lateness)));
  }

  /**
   * Sound has arrived.
   *
   * @param {number} nowMs
   * @param {number} mediaMs the place of its end in the stream
   * @param {number} durationMs all of it came at once: its beginning has waited for so long
   */
  arrived(nowMs, mediaMs, durationMs) {
    if (nowMs >= this.#slotEndsAt) {
      this.#slotEndsAt = nowMs + SLOT_MS;
      this.#slots = [...this.#slots.slice(1 - SLOTS), { earliest: Infinity, lateness: 0, outages: 0, longest: 0 }];
    }
    const slot = this.#slots[this.#slots.length - 1];
    slot.earliest = Math.min(slot.earliest, nowMs - mediaMs);
    const lateness = nowMs - mediaMs - Math.min(...this.#slots.map((each) => each.earliest));
    // All that an outage held up comes at once, each piece a little less late: it says nothing about tomorrow.
    const wasInOutage = this.#inOutage;
    this.#inOutage = lateness > this.ceilingMs || (wasInOutage && lateness > PUNCTUAL_MS);
    slot.longest = Math.max(slot.longest, lateness);
    if (this.#inOutage && !wasInOutage) {
      slot.outages += 1;
      this.#undoRaise();
    }
    if (!this.#inOutage) {
      this.#beforeRaise = Infinity;
      slot.lateness = Math.max(slot.lateness, lateness);
    }
    this.#follow(nowMs, durationMs);
  }

  /** The stream's own time has jumped: what was measured means nothing any more. */
  forget() {
    this.#slots = [];
    this.#slotEndsAt = -Infinity;
    this.#inOutage = false;
    this.#undoRaise();
  }

  /** @param {number} nowMs when the sound in hand was used up */
  ranDry(nowMs) {
    if (this.#inOutage) {
      return;
    }
    this.#beforeRaise = Math.min(this.#beforeRaise, this.ms);
    this.ms = Math.max(this.ms, Math.min(this.ceilingMs, this.ms * RAISE_FACTOR + RAISE_MS));
    this.#raisedAt = nowMs;
  }

  /** It has run dry in an outage, or with a connection that was lost: a little more in hand would not have helped. */
  #undoRaise() {
    this.ms = Math.min(this.ms, Math.max(this.#beforeRaise, this.#wanted));
  }

  /**
   * @param {number} nowMs
   * @param {number} durationMs
   */
  #follow(nowMs, durationMs) {
    const needed = this.jitterMs + durationMs + MARGIN_MS;
    const wanted = Math.min(Math.max(this.ceilingMs, REGULAR_CEILING_MS), Math.max(this.floorMs, needed));
    this.#wanted = wanted;
    const sinceMs = Number.isNaN(this.#sunkAt) ? 0 : nowMs - this.#sunkAt;
    this.#sunkAt = nowMs;
    if (wanted > this.ms) {
      this.ms = wanted;
      this.#raisedAt = nowMs;
    } else if (nowMs - this.#raisedAt > CALM_MS) {
      this.ms = Math.max(wanted, this.ms - (SINK_MS_A_SECOND * sinceMs) / 1000);
    }
  }
}

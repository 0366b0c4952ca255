/**
 * What became of the sound in one step of the test: how far it came while the page was seen, and while it was hidden.
 *
 * The sound's own clock is compared with the time that passed. A page that is hidden may not run at all; then one look
 * when it is seen again tells of all the time between. Pure, without a clock. All times are milliseconds.
 *
 * @typedef {object} Look
 * @property {number} nowMs
 * @property {boolean} isHidden
 * @property {boolean} isPlaying whether the player says so
 * @property {number} soundMs of the sound's own clock, which may begin anew with each connection
 * @property {string} state of the context or the element, in the browser's words
 *
 * @typedef {object} Span
 * @property {number} lastedMs
 * @property {number} soundMs how much sound was played meanwhile
 *
 * @typedef {object} HiddenSpan of all times when the page was hidden
 * @property {number} lastedMs
 * @property {number} soundMs how much sound was played meanwhile
 * @property {number} looks how often the page ran
 * @property {number} longestPauseMs between two of them
 */

/** The sound's clock may be ahead of the other by this much, as far as a look can tell. */
const AHEAD = 1.05;
/** More changes of state than these say nothing new. */
const MOST_CHANGES = 40;

export class Recorder {
  /** @type {Look | null} */
  #first = null;
  /** @type {Look | null} */
  #last = null;
  /** @type {Span} */
  seen = { lastedMs: 0, soundMs: 0 };
  /** @type {HiddenSpan} */
  hidden = { lastedMs: 0, soundMs: 0, looks: 0, longestPauseMs: 0 };
  /** @type {{atMs: number, text: string}[]} since the first look: states and events, in order */
  changes = [];

  /** @param {Look} look from time to time, and whenever something of it changes */
  look(look) {
    const last = this.#last;
    this.#first ??= look;
    this.#last = look;
    if (look.state !== last?.state) {
      this.note(look.state);
    }
    if (look.isHidden !== (last?.isHidden ?? false)) {
      this.note(look.isHidden ? "hidden" : "seen");
    }
    if (!last) {
      return;
    }
    const lastedMs = look.nowMs - last.nowMs;
    const cameMs = last.isPlaying ? Math.min(AHEAD * lastedMs, Math.max(0, look.soundMs - last.soundMs)) : 0;
    const span = last.isHidden ? this.hidden : this.seen;
    span.lastedMs += lastedMs;
    span.soundMs = Math.min(span.lastedMs, span.soundMs + cameMs);
    if (last.isHidden) {
      this.hidden.looks += 1;
      this.hidden.longestPauseMs = Math.max(this.hidden.longestPauseMs, lastedMs);
    }
  }

  /** @param {string} text what happened just now */
  note(text) {
    if (this.#last && this.#first && this.changes.length < MOST_CHANGES) {
      this.changes.push({ atMs: this.#last.nowMs - this.#first.nowMs, text });
    }
  }
}

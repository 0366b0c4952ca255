/**
 * The level meter: how high the true peaks are, before the limiter, in a bar for each channel and in text; the highest of
 * the last moment; a lamp for what is above full scale; and whether there is any sound.
 */

import { find } from "../shared/dom.js";
import { updateText } from "../shared/language.js";

/** What the text and screen readers are told goes deeper than what the bars have room for. */
const FLOOR_DB = -60;
const BAR_FLOOR_DB = -48;
/** IEC 60268-18 asks a digital peak meter to fall 20 dB in 1.7 s. */
const FALL_DB_PER_SECOND = 20 / 1.7;
const HELD_FOR_MS = 1_500;
const FULL_SCALE_DB = 0;
const CLIPPED_FOR_MS = 1_500;
const SILENT_DB = -55;
/** Longer than anyone pauses with a microphone that works. */
const SILENT_AFTER_MS = 6_000;
/** The text, and the value for screen readers, change at most this often; where motion is unwanted, the bars too. */
const WORDS_EVERY_MS = 250;

export class LevelMeter {
  #updatedAt = performance.now();
  #clippedAt = -Infinity;
  #heardAt = performance.now();
  #wordsAt = -Infinity;
  #lanes;
  #stillness = matchMedia("(prefers-reduced-motion: reduce)");

  /**
   * @param {HTMLElement} meter has the role; it holds a `.lane` for each channel, with the custom properties --level and
   *   --hold, 0 to 1
   * @param {HTMLElement} words
   * @param {import("../shared/language.js").Language} language
   */
  constructor(meter, words, language) {
    this.meter = meter;
    this.words = words;
    this.language = language;
    this.#lanes = [".lane", ".lane + .lane"].map((selector) => new Lane(find(meter, selector, HTMLElement)));
    meter.setAttribute("aria-valuemin", String(FLOOR_DB));
    meter.setAttribute("aria-valuemax", String(FULL_SCALE_DB));
  }

  /** Whether there has been no sound for longer than anyone pauses. */
  get isSilent() {
    return performance.now() - this.#heardAt > SILENT_AFTER_MS;
  }

  /** Measure silence from now on, after a change of the input. */
  reset() {
    this.#heardAt = performance.now();
  }

  /** @param {number[]} peaks of left and right in the last moment, 1 for full scale */
  update(peaks) {
    const now = performance.now();
    const fallDb = (FALL_DB_PER_SECOND * (now - this.#updatedAt)) / 1000;
    this.#updatedAt = now;
    const decibels = peaks.map((peak) => Math.max(FLOOR_DB, 20 * Math.log10(peak)));
    this.#lanes.forEach((lane, channel) => lane.update(decibels[channel], fallDb, now));
    const highest = Math.max(...decibels);
    if (highest > FULL_SCALE_DB) {
      this.#clippedAt = now;
    }
    if (highest > SILENT_DB) {
      this.#heardAt = now;
    }
    this.#show(now);
  }

  /** @param {number} now */
  #show(now) {
    const isTimeForWords = now - this.#wordsAt >= WORDS_EVERY_MS;
    const isClipping = now - this.#clippedAt < CLIPPED_FOR_MS;
    this.meter.classList.toggle("clipping", isClipping);
    if (isTimeForWords || !this.#stillness.matches) {
      this.#lanes.forEach((lane) => lane.show());
    }
    if (!isTimeForWords) {
      return;
    }
    this.#wordsAt = now;
    const shown = Math.round(Math.max(...this.#lanes.map(({ db }) => db)));
    const sign = shown < 0 ? "−" : shown > 0 ? "+" : "";
    const key = isClipping ? "level.loud" : this.isSilent ? "level.silent" : "level.db";
    const text = this.language.translate(key, { db: `${sign}${Math.abs(shown)}` });
    updateText(this.words, text);
    this.meter.setAttribute("aria-valuenow", String(Math.min(shown, FULL_SCALE_DB)));
    this.meter.setAttribute("aria-valuetext", text);
  }
}

/** The bar of one channel: it rises at once and falls slowly; its highest value stays for a while. */
class Lane {
  db = FLOOR_DB;
  #heldDb = FLOOR_DB;
  #heldSince = -Infinity;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
  }

  /**
   * @param {number} db
   * @param {number} fallDb how far it may have fallen since the last time
   * @param {number} now
   */
  update(db, fallDb, now) {
    this.db = Math.max(db, this.db - fallDb, FLOOR_DB);
    if (this.db >= this.#heldDb) {
      this.#heldDb = this.db;
      this.#heldSince = now;
    } else if (now - this.#heldSince > HELD_FOR_MS) {
      this.#heldDb = Math.max(this.db, this.#heldDb - fallDb);
    }
  }

  show() {
    this.element.style.setProperty("--level", String(share(this.db)));
    this.element.style.setProperty("--hold", String(share(this.#heldDb)));
  }
}

/** @param {number} db */
function share(db) {
  return Math.min(1, Math.max(0, 1 - db / BAR_FLOOR_DB));
}

/**
 * The level meter: the level in a bar and in text, and whether there is any sound.
 */

import { updateText } from "../shared/language.js";

const FLOOR_DB = -60;
/** IEC 60268-18 asks a digital peak meter to fall 20 dB in 1.7 s. */
const FALL_DB_PER_SECOND = 20 / 1.7;
const CLIPPING_DB = -0.5;
const CLIPPED_FOR_MS = 1_500;
const SILENT_DB = -55;
/** Longer than anyone pauses with a microphone that works. */
const SILENT_AFTER_MS = 6_000;
/** The text, and the value for screen readers, change at most this often. */
const WORDS_EVERY_MS = 250;

export class LevelMeter {
  #shownDb = FLOOR_DB;
  #updatedAt = performance.now();
  #clippedAt = -Infinity;
  #heardAt = performance.now();
  #wordsAt = -Infinity;

  /**
   * @param {HTMLElement} meter has the role; the bar sets its custom property --level, 0 to 1
   * @param {HTMLElement} words
   * @param {import("../shared/language.js").Language} language
   */
  constructor(meter, words, language) {
    this.meter = meter;
    this.words = words;
    this.language = language;
    meter.setAttribute("aria-valuemin", String(FLOOR_DB));
    meter.setAttribute("aria-valuemax", "0");
  }

  /** Whether there has been no sound for longer than anyone pauses. */
  get isSilent() {
    return performance.now() - this.#heardAt > SILENT_AFTER_MS;
  }

  /** Measure silence from now on, after a change of the input. */
  reset() {
    this.#heardAt = performance.now();
  }

  /** @param {number} peak of a frame, 1 for full scale */
  update(peak) {
    const now = performance.now();
    const db = Math.max(FLOOR_DB, 20 * Math.log10(peak));
    const fallenDb = this.#shownDb - (FALL_DB_PER_SECOND * (now - this.#updatedAt)) / 1000;
    this.#shownDb = Math.max(db, fallenDb, FLOOR_DB);
    this.#updatedAt = now;
    if (db > CLIPPING_DB) {
      this.#clippedAt = now;
    }
    if (db > SILENT_DB) {
      this.#heardAt = now;
    }
    this.#show(now);
  }

  /** @param {number} now */
  #show(now) {
    const isClipping = now - this.#clippedAt < CLIPPED_FOR_MS;
    this.meter.style.setProperty("--level", String(1 - this.#shownDb / FLOOR_DB));
    this.meter.classList.toggle("clipping", isClipping);
    if (now - this.#wordsAt < WORDS_EVERY_MS) {
      return;
    }
    this.#wordsAt = now;
    const shown = Math.round(this.#shownDb);
    const key = isClipping ? "level.loud" : this.isSilent ? "level.silent" : "level.db";
    const text = this.language.translate(key, { db: `${shown < 0 ? "−" : ""}${Math.abs(shown)}` });
    updateText(this.words, text);
    this.meter.setAttribute("aria-valuenow", String(shown));
    this.meter.setAttribute("aria-valuetext", text);
  }
}

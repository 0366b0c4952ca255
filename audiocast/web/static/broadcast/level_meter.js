/**
 * The level meter: how loud the sound is, in a bar and in words, and whether there is any.
 */

import { setWords } from "../shared/language.js";

const FLOOR_DB = -60;
/** IEC 60268-18 asks a digital peak meter to fall 20 dB in 1.7 s. */
const FALL_DB_A_SECOND = 20 / 1.7;
const CLIPPING_DB = -0.5;
const CLIPPED_FOR_MS = 1_500;
const SILENT_DB = -55;
/** Nobody pauses for so long with a microphone that works. */
const SILENT_AFTER_MS = 6_000;
/** Words and the number that a screen reader is told change no oftener. */
const WORDS_EVERY_MS = 250;

export class Level {
  #shownDb = FLOOR_DB;
  #at = performance.now();
  #clippedAt = -Infinity;
  #heardAt = performance.now();
  #wordsAt = -Infinity;

  /**
   * @param {HTMLElement} meter with the role; its custom property --level is set, 0 to 1
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

  /** There has been no sound for longer than anyone pauses. */
  get isSilent() {
    return performance.now() - this.#heardAt > SILENT_AFTER_MS;
  }

  /** Sound from another input counts from now on. */
  begin() {
    this.#heardAt = performance.now();
  }

  /** @param {number} peak of a frame, 1 for full scale */
  take(peak) {
    const now = performance.now();
    const db = Math.max(FLOOR_DB, 20 * Math.log10(peak));
    const fallenDb = this.#shownDb - (FALL_DB_A_SECOND * (now - this.#at)) / 1000;
    this.#shownDb = Math.max(db, fallenDb, FLOOR_DB);
    this.#at = now;
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
    const said = this.language.say(key, { db: `${shown < 0 ? "−" : ""}${Math.abs(shown)}` });
    setWords(this.words, said);
    this.meter.setAttribute("aria-valuenow", String(shown));
    this.meter.setAttribute("aria-valuetext", said);
  }
}

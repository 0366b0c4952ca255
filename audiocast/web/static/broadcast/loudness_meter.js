/**
 * The loudness meter: how loud listeners hear the show, in plain words, on a scale and in LUFS; and what the limiter does.
 *
 * The words are said of the last three seconds. A show as a whole is to be between -20 and -16 LUFS (EBU R128 s2, for
 * streaming); single sentences and passages may be 4 LU below and 2 LU above that.
 */

import { byId } from "../shared/dom.js";
import { updateText } from "../shared/language.js";

const QUIET_LUFS = -24;
const LOUD_LUFS = -14;
/** Below this nothing is said: nobody speaks. */
const SILENT_LUFS = -50;
const SCALE_LUFS = [-40, -4];
const WORDS_EVERY_MS = 400;
/** The meter's own end, see sound/loudness.js. */
const FLOOR_LUFS = -70;
/** What the limiter takes off is shown from here on, and for a while. */
const LIMITED_DB = 0.5;
const LIMITED_FOR_MS = 2_000;

/** @typedef {import("./capture.js").Report} Report */

/** @param {number} lufs of the last three seconds */
export function loudnessWord(lufs) {
  if (lufs < SILENT_LUFS) {
    return "silent";
  }
  return lufs < QUIET_LUFS ? "quiet" : lufs > LOUD_LUFS ? "loud" : "good";
}

export class LoudnessMeter {
  #meter = byId("loudness");
  #wordsAt = -Infinity;
  #limitedDb = 0;
  #limitedAt = -Infinity;
  /** Whether the numbers are of a show, not of a trial before it. */
  isShow = false;

  /** @param {import("../shared/language.js").Language} language */
  constructor(language) {
    this.language = language;
    this.#meter.setAttribute("aria-valuemin", String(SCALE_LUFS[0]));
    this.#meter.setAttribute("aria-valuemax", String(SCALE_LUFS[1]));
  }

  /** @param {Report} report */
  update(report) {
    const now = performance.now();
    const reductionDb = -20 * Math.log10(report.gain);
    if (reductionDb > this.#limitedDb || now - this.#limitedAt > LIMITED_FOR_MS) {
      this.#limitedDb = reductionDb;
      this.#limitedAt = now;
    }
    if (now - this.#wordsAt >= WORDS_EVERY_MS) {
      this.#wordsAt = now;
      this.#show(report);
    }
  }

  /** @param {Report} report */
  #show({ momentary, shortTerm, integrated }) {
    const { language } = this;
    const word = loudnessWord(shortTerm);
    const values = { lufs: this.#number(shortTerm), word: language.translate(`loudness.${word}`) };
    const text = word === "silent" ? values.word : language.translate("loudness.words", values);
    const shown = Math.min(SCALE_LUFS[1], Math.max(SCALE_LUFS[0], shortTerm));
    this.#meter.dataset.loudness = word;
    this.#meter.style.setProperty("--at", String((shown - SCALE_LUFS[0]) / (SCALE_LUFS[1] - SCALE_LUFS[0])));
    this.#meter.setAttribute("aria-valuenow", shown.toFixed(1));
    this.#meter.setAttribute("aria-valuetext", text);
    updateText(byId("loudness-words"), values.word);
    const numbers = { now: this.#number(momentary), last: this.#number(shortTerm), show: this.#number(integrated) };
    updateText(
      byId("loudness-numbers"),
      language.translate(this.isShow ? "loudness.numbers.show" : "loudness.numbers", numbers),
    );
    const isLimited = this.#limitedDb > LIMITED_DB;
    const limited = { db: String(Math.round(this.#limitedDb) || 1) };
    updateText(byId("limiter-words"), isLimited ? language.translate("limiter.works", limited) : "");
  }

  /** @param {number} lufs */
  #number(lufs) {
    if (lufs < FLOOR_LUFS) {
      return "−∞";
    }
    const form = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
    return new Intl.NumberFormat(this.language.locale, form).format(lufs).replace("-", "−");
  }
}

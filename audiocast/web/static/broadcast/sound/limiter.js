/**
 * The limiter: no true peak of its output is above the ceiling, and what is below it passes unchanged, 5 ms later.
 *
 *   sample --> true peak --> gain that it wants --> lowest of the window --> release --> two averages --> gain
 *   sample ----------------------------- 5 ms later ------------------------------------------------> x gain --> out
 *
 * The gain is the same for both channels, so that nothing moves between left and right. It is down before the peak comes,
 * on a curve without a corner, which is what the averages are for; as long as a peak is within the filter of true_peak.js,
 * the gain is low enough for it.
 */

import { TAPS, TruePeak } from "./true_peak.js";

/** Of the limiter's output. The encoder's error comes on top of it, up to 3 dB: see docs/browser-broadcasting.md. */
export const CEILING_DBTP = -5;
/** 5 ms, at 48 kHz. */
export const LOOK_AHEAD_SAMPLES = 240;
/** 10 ms more: between two half-waves of a tone of 50 Hz or more the gain stays, else it would bend them. */
const HOLD_SAMPLES = 480;
const RELEASE_SAMPLES = 0.15 * 48_000;
const RELEASE_FACTOR = 1 - Math.exp(-1 / RELEASE_SAMPLES);
/** Together they take what the look-ahead leaves when the whole filter has to be under the same gain. */
const AVERAGED_SAMPLES = LOOK_AHEAD_SAMPLES - TAPS + 2;
const FIRST_SAMPLES = AVERAGED_SAMPLES >> 1;

export class Limiter {
  /** The highest true peak of each channel that has come in since it was set to 0; 1 for full scale. */
  peaks = [0, 0];
  /** The lowest gain since it was set to 1. */
  lowestGain = 1;
  #detectors = [new TruePeak(), new TruePeak()];
  #delayed = [new Float32Array(LOOK_AHEAD_SAMPLES), new Float32Array(LOOK_AHEAD_SAMPLES)];
  #at = 0;
  #lowest = new SlidingMinimum(LOOK_AHEAD_SAMPLES + 1 + HOLD_SAMPLES);
  #released = 1;
  #averages = [new MovingAverage(FIRST_SAMPLES), new MovingAverage(AVERAGED_SAMPLES - FIRST_SAMPLES + 1)];

  /** @param {number} [ceilingDbtp] */
  constructor(ceilingDbtp = CEILING_DBTP) {
    this.ceiling = 10 ** (ceilingDbtp / 20);
  }

  /**
   * @param {Float32Array[]} input left and right, of the same length
   * @param {Float32Array[]} output of that length; may be the input
   */
  process(input, output) {
    const [left, right] = input;
    for (let at = 0; at < left.length; at += 1) {
      const gain = this.#nextGain(finite(left[at]), finite(right[at]));
      for (let channel = 0; channel < input.length; channel += 1) {
        const delayed = this.#delayed[channel];
        const sample = finite(input[channel][at]);
        output[channel][at] = delayed[this.#at] * gain;
        delayed[this.#at] = sample;
      }
      this.#at = (this.#at + 1) % LOOK_AHEAD_SAMPLES;
    }
  }

  /**
   * @param {number} left
   * @param {number} right
   * @returns {number} gain of the sample that came LOOK_AHEAD_SAMPLES before
   */
  #nextGain(left, right) {
    const { peaks, ceiling } = this;
    const leftPeak = this.#detectors[0].push(left, Math.min(ceiling, peaks[0]));
    const rightPeak = this.#detectors[1].push(right, Math.min(ceiling, peaks[1]));
    peaks[0] = Math.max(peaks[0], leftPeak);
    peaks[1] = Math.max(peaks[1], rightPeak);
    const wanted = Math.min(1, ceiling / Math.max(leftPeak, rightPeak));
    const lowest = this.#lowest.push(wanted);
    this.#released = Math.min(lowest, this.#released + (1 - this.#released) * RELEASE_FACTOR);
    const gain = this.#averages[1].push(this.#averages[0].push(this.#released));
    this.lowestGain = Math.min(this.lowestGain, gain);
    return gain;
  }
}

/** The lowest of the last numbers, 1 before there are any; the work for each is constant. */
class SlidingMinimum {
  #count = 0;
  #head = 0;
  #size = 0;

  /** @param {number} length */
  constructor(length) {
    this.length = length;
    // Rising numbers, and when each one came: what is older and higher than another cannot be the lowest any more.
    this.values = new Float64Array(length);
    this.times = new Float64Array(length);
  }

  /**
   * @param {number} value
   * @returns {number}
   */
  push(value) {
    const { length, values, times } = this;
    if (this.#size > 0 && times[this.#head] <= this.#count - length) {
      this.#head = (this.#head + 1) % length;
      this.#size -= 1;
    }
    while (this.#size > 0 && values[(this.#head + this.#size - 1) % length] >= value) {
      this.#size -= 1;
    }
    const end = (this.#head + this.#size) % length;
    values[end] = value;
    times[end] = this.#count;
    this.#size += 1;
    this.#count += 1;
    return values[this.#head];
  }
}

/** The mean of the last numbers, which are 1 before there are any. */
class MovingAverage {
  #at = 0;

  /** @param {number} length */
  constructor(length) {
    this.values = new Float64Array(length).fill(1);
    this.sum = length;
  }

  /**
   * @param {number} value
   * @returns {number}
   */
  push(value) {
    const { values } = this;
    this.sum += value - values[this.#at];
    values[this.#at] = value;
    this.#at = (this.#at + 1) % values.length;
    return this.sum / values.length;
  }
}

/** @param {number} sample what is no number would stay in filters for ever */
function finite(sample) {
  return Number.isFinite(sample) ? sample : 0;
}

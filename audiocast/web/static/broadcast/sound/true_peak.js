/**
 * True peaks: what a signal reaches between its samples, by the interpolation of ITU-R BS.1770-4, annex 2.
 *
 * The filter makes four samples of each one. Of a sine it reads up to 0.2 dB too much, and up to 0.6 dB at the end of the
 * band; of music it misses at most 0.4 dB, of white noise 0.8 dB, where a peak is between these four.
 */

/** Table of annex 2, by phase; each coefficient belongs to a sample that is one older. */
const PHASES = [
  [
    0.001708984375, 0.010986328125, -0.0196533203125, 0.033203125, -0.0594482421875, 0.1373291015625, 0.97216796875,
    -0.102294921875, 0.047607421875, -0.026611328125, 0.014892578125, -0.00830078125,
  ],
  [
    -0.0291748046875, 0.029296875, -0.0517578125, 0.089111328125, -0.16650390625, 0.465087890625, 0.77978515625,
    -0.2003173828125, 0.1015625, -0.0582275390625, 0.0330810546875, -0.0189208984375,
  ],
  [
    -0.0189208984375, 0.0330810546875, -0.0582275390625, 0.1015625, -0.2003173828125, 0.77978515625, 0.465087890625,
    -0.16650390625, 0.089111328125, -0.0517578125, 0.029296875, -0.0291748046875,
  ],
  [
    -0.00830078125, 0.014892578125, -0.026611328125, 0.047607421875, -0.102294921875, 0.97216796875, 0.1373291015625,
    -0.0594482421875, 0.033203125, -0.0196533203125, 0.010986328125, 0.001708984375,
  ],
];

/** So many samples a peak is made of: it lies between the one that was pushed last and the one this many before. */
export const TAPS = PHASES[0].length;
/** Phase by phase, the oldest sample first. */
const COEFFICIENTS = new Float64Array(PHASES.flatMap((phase) => [...phase].reverse()));

/** No sample between is farther from 0 than the farthest sample, times this. */
const MOST_GAIN = Math.max(...PHASES.map((phase) => phase.reduce((sum, each) => sum + Math.abs(each), 0)));

/** The peaks of one channel. */
export class TruePeak {
  /** The last samples, twice, so that the last TAPS of them lie side by side at any time. */
  #samples = new Float64Array(2 * TAPS);
  #at = 0;
  /** The highest magnitude among them, and how many samples ago it came. */
  #highest = 0;
  #age = 0;

  /**
   * @param {number} sample 1 for full scale
   * @param {number} [least] a peak that is not higher need not be found, which saves most of the work
   * @returns {number} the highest magnitude among the last samples, and between them where the filter looks now
   */
  push(sample, least = 0) {
    const samples = this.#samples;
    samples[this.#at] = samples[this.#at + TAPS] = sample;
    this.#at = (this.#at + 1) % TAPS;
    const magnitude = Math.abs(sample);
    this.#age += 1;
    if (magnitude >= this.#highest) {
      this.#highest = magnitude;
      this.#age = 0;
    } else if (this.#age >= TAPS) {
      this.#findHighest();
    }
    return this.#highest * MOST_GAIN > least ? Math.max(magnitude, this.#between()) : magnitude;
  }

  #between() {
    const samples = this.#samples;
    const start = this.#at;
    let peak = 0;
    for (let phase = 0; phase < COEFFICIENTS.length; phase += TAPS) {
      let between = 0;
      for (let tap = 0; tap < TAPS; tap += 1) {
        between += COEFFICIENTS[phase + tap] * samples[start + tap];
      }
      peak = Math.max(peak, Math.abs(between));
    }
    return peak;
  }

  #findHighest() {
    this.#highest = 0;
    for (let age = 0; age < TAPS; age += 1) {
      const magnitude = Math.abs(this.#samples[this.#at + TAPS - 1 - age]);
      if (magnitude > this.#highest) {
        this.#highest = magnitude;
        this.#age = age;
      }
    }
  }
}

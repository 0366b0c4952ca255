/**
 * Loudness by ITU-R BS.1770-4, as EBU R128 meters show it (EBU Tech 3341): momentary, of 400 ms; short-term, of 3 s;
 * integrated, of all that was loud enough to count. Stereo at 48 kHz.
 */

const STEP_SAMPLES = 4_800;
const MOMENTARY_STEPS = 4;
const SHORT_TERM_STEPS = 30;
const ABSOLUTE_GATE_LUFS = -70;
const RELATIVE_GATE_LU = -10;

/** The two filters of BS.1770-4, tables 1 and 2, for 48 kHz: b0, b1, b2, a1, a2. */
const SHELF = [1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585];
const HIGH_PASS = [1, -2, 1, -1.99004745483398, 0.99007225036621];
/** State below this is nothing that is heard, and slow to count with. */
const NOTHING = 1e-30;

/** Bins of the integrated loudness: an hour takes as much room as a second. */
const BINS_PER_LU = 10;
const BINS = 90 * BINS_PER_LU;

export class LoudnessMeter {
  #filters = [0, 1].map(() => [new Biquad(SHELF), new Biquad(HIGH_PASS)]);
  #energy = 0;
  #samples = 0;
  /** Mean energy of each of the last steps. */
  #steps = new Float64Array(SHORT_TERM_STEPS);
  #step = 0;
  #energies = new Float64Array(BINS);
  #counts = new Float64Array(BINS);

  /** @param {Float32Array[]} input left and right, 1 for full scale */
  push([left, right]) {
    const [[leftShelf, leftPass], [rightShelf, rightPass]] = this.#filters;
    for (let at = 0; at < left.length; at += 1) {
      const weightedLeft = leftPass.next(leftShelf.next(left[at]));
      const weightedRight = rightPass.next(rightShelf.next(right[at]));
      this.#energy += weightedLeft * weightedLeft + weightedRight * weightedRight;
      this.#samples += 1;
      if (this.#samples === STEP_SAMPLES) {
        this.#endStep();
      }
    }
  }

  /** Loudness of the last 400 ms, LUFS; -Infinity for silence. It changes each 100 ms. */
  get momentary() {
    return lufs(this.#mean(MOMENTARY_STEPS));
  }

  /** Loudness of the last 3 s, LUFS. */
  get shortTerm() {
    return lufs(this.#mean(SHORT_TERM_STEPS));
  }

  /** Loudness since `restart`, gated, LUFS. */
  get integrated() {
    const ungated = this.#meanAbove(0);
    const gate = lufs(ungated) + RELATIVE_GATE_LU;
    return lufs(this.#meanAbove(Math.max(0, binOf(gate))));
  }

  /** Begin the integrated loudness anew. */
  restart() {
    this.#energies.fill(0);
    this.#counts.fill(0);
    // A block with sound from before is not counted.
    this.#step = 0;
  }

  #endStep() {
    this.#steps.copyWithin(1, 0);
    this.#steps[0] = this.#energy / STEP_SAMPLES;
    this.#step += 1;
    this.#energy = 0;
    this.#samples = 0;
    const energy = this.#mean(MOMENTARY_STEPS);
    const bin = binOf(lufs(energy));
    if (this.#step >= MOMENTARY_STEPS && bin >= 0) {
      this.#energies[Math.min(bin, BINS - 1)] += energy;
      this.#counts[Math.min(bin, BINS - 1)] += 1;
    }
    for (const filter of this.#filters.flat()) {
      filter.settle();
    }
  }

  /** @param {number} steps */
  #mean(steps) {
    let sum = 0;
    for (let at = 0; at < steps; at += 1) {
      sum += this.#steps[at];
    }
    return sum / steps;
  }

  /** @param {number} first bin that counts */
  #meanAbove(first) {
    let sum = 0;
    let count = 0;
    for (let bin = first; bin < BINS; bin += 1) {
      sum += this.#energies[bin];
      count += this.#counts[bin];
    }
    return count ? sum / count : 0;
  }
}

/** A filter of second order, in the transposed direct form II. */
class Biquad {
  #first = 0;
  #second = 0;

  /** @param {number[]} coefficients */
  constructor([b0, b1, b2, a1, a2]) {
    this.b0 = b0;
    this.b1 = b1;
    this.b2 = b2;
    this.a1 = a1;
    this.a2 = a2;
  }

  /**
   * @param {number} sample
   * @returns {number}
   */
  next(sample) {
    const out = this.b0 * sample + this.#first;
    this.#first = this.b1 * sample - this.a1 * out + this.#second;
    this.#second = this.b2 * sample - this.a2 * out;
    return out;
  }

  settle() {
    this.#first = Math.abs(this.#first) < NOTHING ? 0 : this.#first;
    this.#second = Math.abs(this.#second) < NOTHING ? 0 : this.#second;
  }
}

/** @param {number} energy of both channels */
function lufs(energy) {
  return -0.691 + 10 * Math.log10(energy);
}

/** @param {number} loudness LUFS; a bin below 0 does not count */
function binOf(loudness) {
  return Math.floor((loudness - ABSOLUTE_GATE_LUFS) * BINS_PER_LU);
}

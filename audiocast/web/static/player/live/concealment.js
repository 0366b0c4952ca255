/**
 * What is heard where sound is missing: the last period before, again and again, and soon fainter. A short hole in a tone
 * or a voice is then hardly one. As ITU-T G.711 Appendix I does with telephone calls.
 *
 * Knows the ring only, and no time.
 */

import { SAMPLES_PER_MS } from "../../shared/sample_rate.js";

/** Periods of voices and most instruments: 66 to 400 Hz; what is higher has many of them in one. */
const SHORTEST_PERIOD = 2.5 * SAMPLES_PER_MS;
const LONGEST_PERIOD = 15 * SAMPLES_PER_MS;
/** So much is compared with what was a period before. */
const COMPARED = 10 * SAMPLES_PER_MS;
/** The end of each period is mixed into what came before its beginning: no seam clicks. Of the real sound so much must
 *  not have been played yet. */
export const SEAM = 2 * SAMPLES_PER_MS;
/** As loud as before for a packet's length, then down to nothing. */
const STEADY = 20 * SAMPLES_PER_MS;
const AUDIBLE = 100 * SAMPLES_PER_MS;
/** Silence at the end, in which who plays can fade out. */
const REST = 15 * SAMPLES_PER_MS;

/**
 * Append made-up sound to what is in the ring, of which there must be 25 ms, played or not.
 *
 * @param {import("./ring.js").Ring} ring
 */
export function conceal(ring) {
  const period = periodOf(ring);
  const parts = ring.channels.map((_, channel) => madeUp(ring, channel, period));
  ring.push(parts);
}

/**
 * @param {import("./ring.js").Ring} ring
 * @returns {number} samples after which the sound before the end is most like itself
 */
function periodOf(ring) {
  const before = last(ring, 0, LONGEST_PERIOD + COMPARED);
  const now = before.subarray(LONGEST_PERIOD);
  let [best, likeness] = [SHORTEST_PERIOD, -Infinity];
  for (let period = SHORTEST_PERIOD; period <= LONGEST_PERIOD; period += 1) {
    const then = before.subarray(LONGEST_PERIOD - period);
    let [product, energy] = [0, 1e-9];
    for (let sample = 0; sample < COMPARED; sample += 1) {
      product += now[sample] * then[sample];
      energy += then[sample] * then[sample];
    }
    if (product / Math.sqrt(energy) > likeness) {
      [best, likeness] = [period, product / Math.sqrt(energy)];
    }
  }
  return best;
}

/**
 * @param {import("./ring.js").Ring} ring
 * @param {number} channel whose last samples are changed: they lead into the first that are made up
 * @param {number} period
 */
function madeUp(ring, channel, period) {
  const before = last(ring, channel, period + SEAM);
  const cycle = before.slice(SEAM);
  const samples = ring.channels[channel];
  for (let sample = 0; sample < SEAM; sample += 1) {
    const share = (sample + 1) / SEAM;
    const place = period - SEAM + sample;
    cycle[place] = (1 - share) * cycle[place] + share * before[sample];
    samples[(ring.end - SEAM + sample) % ring.capacity] = cycle[place];
  }
  return Float32Array.from({ length: AUDIBLE + REST }, (_, sample) => {
    const loudness = Math.min(1, Math.max(0, (AUDIBLE - sample) / (AUDIBLE - STEADY)));
    return loudness * cycle[sample % period];
  });
}

/**
 * @param {import("./ring.js").Ring} ring
 * @param {number} channel
 * @param {number} samples
 * @returns {Float32Array} the last of them
 */
function last(ring, channel, samples) {
  const own = ring.channels[channel];
  return Float32Array.from({ length: samples }, (_, sample) => own[(ring.end - samples + sample) % ring.capacity]);
}

/**
 * Packet loss concealment: the last period before a gap is repeated and soon fades, as ITU-T G.711 Appendix I does for
 * telephone calls. A short gap in a tone or a voice is then hardly audible.
 *
 * Knows the ring only, and no time.
 */

import { SAMPLES_PER_MS } from "../../../shared/sample_rate.js";

/** Periods of voices and most instruments, 66 to 400 Hz; a higher tone has several of its periods in one of these. */
const SHORTEST_PERIOD_SAMPLES = 2.5 * SAMPLES_PER_MS;
const LONGEST_PERIOD_SAMPLES = 15 * SAMPLES_PER_MS;
/** Length of the sound that is compared with the sound one period earlier. */
const COMPARED_SAMPLES = 10 * SAMPLES_PER_MS;
/** The end of each period is mixed into what came before its beginning, so that no seam clicks. This much of the real
 *  sound must not have been played yet. */
export const SEAM_SAMPLES = 2 * SAMPLES_PER_MS;
/** The synthetic sound is as loud as the real one for a packet's length, then fades to silence. */
const STEADY_SAMPLES = 20 * SAMPLES_PER_MS;
const AUDIBLE_SAMPLES = 100 * SAMPLES_PER_MS;
/** Silence at the end, in which the jitter buffer can fade out. */
const TAIL_SAMPLES = 15 * SAMPLES_PER_MS;

/**
 * Append synthetic sound to the ring, which must hold 25 ms of sound, played or not.
 *
 * @param {import("./ring.js").Ring} ring
 */
export function conceal(ring) {
  const period = periodOf(ring);
  const parts = ring.channels.map((_, channel) => synthesize(ring, channel, period));
  ring.push(parts);
}

/**
 * @param {import("./ring.js").Ring} ring
 * @returns {number} period in samples: the shift at which the last sound is most like itself
 */
function periodOf(ring) {
  const before = last(ring, 0, LONGEST_PERIOD_SAMPLES + COMPARED_SAMPLES);
  const now = before.subarray(LONGEST_PERIOD_SAMPLES);
  let [best, likeness] = [SHORTEST_PERIOD_SAMPLES, -Infinity];
  for (let period = SHORTEST_PERIOD_SAMPLES; period <= LONGEST_PERIOD_SAMPLES; period += 1) {
    const then = before.subarray(LONGEST_PERIOD_SAMPLES - period);
    let [product, energy] = [0, 1e-9];
    for (let sample = 0; sample < COMPARED_SAMPLES; sample += 1) {
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
 * @param {number} channel its last samples are changed: they lead into the first synthetic ones
 * @param {number} period
 */
function synthesize(ring, channel, period) {
  const before = last(ring, channel, period + SEAM_SAMPLES);
  const cycle = before.slice(SEAM_SAMPLES);
  const samples = ring.channels[channel];
  for (let sample = 0; sample < SEAM_SAMPLES; sample += 1) {
    const share = (sample + 1) / SEAM_SAMPLES;
    const place = period - SEAM_SAMPLES + sample;
    cycle[place] = (1 - share) * cycle[place] + share * before[sample];
    samples[(ring.end - SEAM_SAMPLES + sample) % ring.capacity] = cycle[place];
  }
  return Float32Array.from({ length: AUDIBLE_SAMPLES + TAIL_SAMPLES }, (_, sample) => {
    const loudness = Math.min(1, Math.max(0, (AUDIBLE_SAMPLES - sample) / (AUDIBLE_SAMPLES - STEADY_SAMPLES)));
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

/**
 * A source, a network and a sound card that are made up: an hour of listening in seconds, with every sample seen.
 *
 * The source sends a tone on the left and its own clock on the right: what comes out says when it went in.
 */

import { JitterBuffer } from "../../../audiocast/web/static/player/live/buffer/jitter_buffer.js";

export const PACKET_MS = 20;
const SAMPLES_A_MS = 48;
const PACKET_SAMPLES = PACKET_MS * SAMPLES_A_MS;
const BLOCK_SAMPLES = 128;
const BLOCK_MS = BLOCK_SAMPLES / SAMPLES_A_MS;
const TONE_HZ = 440;
const LEVEL = 0.5;
/** 440 Hz at 48 kHz begins anew after so many samples. */
const PERIOD_SAMPLES = 1200;
const TONE = Float32Array.from(
  { length: PERIOD_SAMPLES + PACKET_SAMPLES },
  (_, sample) => LEVEL * Math.sin((2 * Math.PI * TONE_HZ * sample) / (1000 * SAMPLES_A_MS)),
);
const LOOK_EVERY_MS = 1_000;

/** How much the tone bends from sample to sample, and no more than that; a click bends it by a tenth and more. */
export const TONE_BEND = LEVEL * ((2 * Math.PI * TONE_HZ) / (1000 * SAMPLES_A_MS)) ** 2;

/**
 * @param {number} seed
 * @returns {() => number} random numbers from 0 to 1, the same ones each time
 */
export function dice(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Listen for a while.
 *
 * @param {object} air
 * @param {import("../../../audiocast/web/static/player/live/buffer/delay_target.js").Bounds} air.bounds
 * @param {number} air.seconds
 * @param {(sentMs: number) => number} [air.delayMs] of a packet on its way; none overtakes another
 * @param {number} [air.driftPpm] how much slower than the sound card the source's clock is
 * @param {(mediaMs: number) => number} [air.loudness] of the source, 0 to 1
 * @returns {{bend: number, moments: {atMs: number, delayMs: number, shownMs: number}[], report: object, missingMs: (fromMs: number, toMs: number) => number, faintest: (fromMs: number, toMs: number) => number}}
 */
export function listen({ bounds, seconds, delayMs = () => 0, driftPpm = 0, loudness = () => 1 }) {
  const buffer = new JitterBuffer(bounds);
  const left = new Float32Array(BLOCK_SAMPLES);
  const right = new Float32Array(BLOCK_SAMPLES);
  const moments = [];
  /** @type {{atMs: number, missingMs: number}[]} */
  const history = [];
  /** Of each block. @type {number[]} */
  const peaks = [];
  let packet = 0;
  let arrivesMs = 0;
  let bend = 0;
  let [last, before] = [0, 0];
  let lookAtMs = LOOK_EVERY_MS;
  const due = () => {
    const sentMs = (packet + 1) * PACKET_MS * (1 + driftPpm / 1e6);
    arrivesMs = Math.max(arrivesMs, sentMs + delayMs(sentMs));
  };
  due();
  for (let block = 0; block * BLOCK_MS < seconds * 1000; block += 1) {
    const nowMs = block * BLOCK_MS;
    while (arrivesMs <= nowMs) {
      buffer.push(sound(packet, loudness), nowMs, (packet + 1) * PACKET_MS);
      packet += 1;
      due();
    }
    const isLook = nowMs >= lookAtMs;
    buffer.pull(isLook ? [left, right] : [left]);
    let peak = 0;
    for (let sample = 0; sample < BLOCK_SAMPLES; sample += 1) {
      const value = left[sample];
      const bends = Math.abs(value - 2 * last + before);
      bend = bends > bend ? bends : bend;
      peak = value > peak ? value : peak;
      before = last;
      last = value;
    }
    peaks.push(peak);
    if (isLook) {
      lookAtMs += LOOK_EVERY_MS;
      const report = buffer.report();
      history.push({ atMs: nowMs, missingMs: report.missingMs });
      if (report.isPlaying) {
        const delayMs = nowMs - 1000 * right[0] * (1 + driftPpm / 1e6);
        moments.push({ atMs: nowMs, delayMs, shownMs: report.delayMs });
      }
    }
  }
  const missingBy = (/** @type {number} */ ms) => history.filter(({ atMs }) => atMs <= ms).at(-1)?.missingMs ?? 0;
  return {
    bend,
    moments,
    report: buffer.report(),
    missingMs: (fromMs, toMs) => missingBy(toMs) - missingBy(fromMs),
    faintest: (fromMs, toMs) => Math.min(...peaks.slice(Math.ceil(fromMs / BLOCK_MS), Math.floor(toMs / BLOCK_MS))),
  };
}

/**
 * @param {number} packet its number
 * @param {(mediaMs: number) => number} loudness
 */
export function sound(packet, loudness) {
  const first = packet * PACKET_SAMPLES;
  // A loop: an hour has 172 million samples, and a function called for each of them takes most of the test's time.
  const seconds = new Float32Array(PACKET_SAMPLES);
  for (let sample = 0; sample < PACKET_SAMPLES; sample += 1) {
    seconds[sample] = (first + sample) / (1000 * SAMPLES_A_MS);
  }
  const tone = TONE.subarray(first % PERIOD_SAMPLES, (first % PERIOD_SAMPLES) + PACKET_SAMPLES);
  const [begin, end] = [loudness(packet * PACKET_MS), loudness((packet + 1) * PACKET_MS)];
  if (begin === 1 && end === 1) {
    return [tone, seconds];
  }
  // A source that is silent has no clock either: silence is silence on both sides.
  return [tone.map((value, sample) => value * (begin + ((end - begin) * sample) / PACKET_SAMPLES))];
}

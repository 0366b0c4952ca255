/**
 * What is made up where sound is missing: as loud as before, without a click, and soon nothing.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { conceal } from "../../../audiocast/web/static/player/live/buffer/concealment.js";
import { Ring } from "../../../audiocast/web/static/player/live/buffer/ring.js";

const MS = 48;
const KNOWN_MS = 50;
const LEVEL = 0.5;

/**
 * The sound in a ring, the made-up part from `KNOWN_MS` on.
 *
 * @param {(sample: number) => number} sound
 */
function concealed(sound) {
  const ring = new Ring(1_000 * MS);
  const begin = ring.end;
  ring.push([Float32Array.from({ length: KNOWN_MS * MS }, (_, sample) => LEVEL * sound(sample))]);
  conceal(ring);
  assert.deepEqual(ring.channels[0], ring.channels[1]);
  return ring.channels[0].slice(begin, ring.end);
}

/** @param {Float32Array} samples */
function loudness(samples) {
  return Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
}

/** @param {Float32Array} samples */
function largestStep(samples) {
  return samples.reduce((most, value, at) => (at ? Math.max(most, Math.abs(value - samples[at - 1])) : most), 0);
}

// The last is longer than a period may be.
for (const hz of [3_517, 440, 97, 50]) {
  test(`a tone of ${hz} Hz goes on without a click`, () => {
    const tone = (/** @type {number} */ sample) => Math.sin((2 * Math.PI * hz * sample) / (1_000 * MS));
    const samples = concealed(tone);
    const step = largestStep(samples.subarray(0, 40 * MS));
    assert.ok(largestStep(samples) <= 1.2 * step + 0.02, `a step of ${largestStep(samples)} where it was ${step}`);
    const before = loudness(samples.subarray(10 * MS, 40 * MS));
    const after = loudness(samples.subarray(KNOWN_MS * MS, (KNOWN_MS + 15) * MS));
    assert.ok(hz < 97 || Math.abs(after / before - 1) < 0.1, `${after} after ${before}`);
    assert.equal(loudness(samples.subarray(-10 * MS)), 0);
  });
}

test("silence is silence", () => {
  assert.equal(loudness(concealed(() => 0)), 0);
});

/**
 * The limiter of the broadcaster's page: nothing above its ceiling, and what a listener decodes is never above -1 dBTP.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { CEILING_DBTP, LOOK_AHEAD_SAMPLES, Limiter } from "../../../audiocast/web/static/broadcast/sound/limiter.js";
import { judge, SAMPLE_RATE, sentAndHeard } from "./judge.js";
import { louder, music, offBeat, speech, tones } from "./programmes.js";

/** @typedef {import("./judge.js").Stereo} Stereo */

const BLOCK = 128;
const MOST_DBTP = -1;
/** The judge has another oversampler, which looks elsewhere between the samples (BS.1770-4, annex 2). */
const OVERSAMPLERS_DIFFER_DB = 0.4;

/**
 * @param {Stereo} sound
 * @param {Limiter} [limiter]
 * @returns {Stereo}
 */
function limited(sound, limiter = new Limiter()) {
  const output = sound.map(({ length }) => new Float32Array(length));
  for (let at = 0; at < sound[0].length; at += BLOCK) {
    const block = (/** @type {Stereo} */ channels) => channels.map((channel) => channel.subarray(at, at + BLOCK));
    limiter.process(block(sound), block(output));
  }
  return output;
}

/** @type {[string, () => Stereo][]} */
const LOUD = [
  ["speech", () => louder(speech(), 15)],
  ["music", () => louder(music(8), 20)],
  ["a tone between the samples", () => louder(offBeat(4, 45, 1), 6)],
];

for (const [name, make] of LOUD) {
  test(`${name}: the ceiling holds, and after the encoder -1 dBTP`, () => {
    const sound = make();
    const output = limited(sound);
    const before = judge(sound).truePeak;
    const after = judge(output).truePeak;
    assert.ok(before > 1, `nothing to limit: ${before}`);
    assert.ok(after <= CEILING_DBTP + OVERSAMPLERS_DIFFER_DB, `expected ${CEILING_DBTP}, got ${after}`);
    for (const application of /** @type {const} */ (["lowdelay", "audio"])) {
      const heard = judge(sentAndHeard(output, application)).truePeak;
      console.log(`${name}, ${application}: before ${before}, limited ${after}, heard ${heard} dBTP`);
      assert.ok(heard <= MOST_DBTP, `expected at most ${MOST_DBTP}, got ${heard}`);
    }
  });
}

test("what is below the ceiling passes unchanged, 5 ms later", () => {
  const sound = louder(music(3), -12);
  const output = limited(sound);
  const shift = LOOK_AHEAD_SAMPLES;
  assert.equal(shift / SAMPLE_RATE, 0.005);
  sound.forEach((channel, side) => {
    const farthest = channel.reduce((worst, sample, at) => {
      return at + shift < channel.length ? Math.max(worst, Math.abs(output[side][at + shift] - sample)) : worst;
    }, 0);
    assert.ok(farthest < 1e-6, `${farthest}`);
  });
});

test("the gain is down when a peak comes, and comes back in half a second or so", () => {
  const output = limited(
    tones([
      [0.5, -20],
      [0.1, 6],
      [1.4, -20],
    ]),
  )[0];
  const peak = (/** @type {number} */ from, /** @type {number} */ seconds) => {
    const part = output.subarray(from * SAMPLE_RATE, (from + seconds) * SAMPLE_RATE);
    return 20 * Math.log10(part.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0));
  };
  const ceiling = peak(0.5, 0.1);
  assert.ok(ceiling <= CEILING_DBTP && ceiling > CEILING_DBTP - 0.5, `${ceiling}`);
  // Before the peak nothing is lowered but the look-ahead.
  assert.ok(Math.abs(peak(0.3, 0.19) + 20) < 0.01);
  assert.ok(peak(0.63, 0.02) < -25);
  assert.ok(Math.abs(peak(1.6, 0.1) + 20) < 0.1);
});

test("both channels have the same gain", () => {
  const [left] = tones([[1, 6]]);
  const [, right] = louder([left, left], -20);
  const [limitedLeft, limitedRight] = limited([left, right]);
  limitedLeft.forEach((sample, at) => assert.ok(Math.abs(limitedRight[at] - sample / 10) < 1e-6));
});

test("what is no number is silence, and does not stay", () => {
  const [left] = tones([[1, -20]]);
  const broken = Float32Array.from(left, (sample, at) => (at === 1000 ? NaN : at === 2000 ? Infinity : sample));
  const output = limited([broken, broken])[0];
  assert.ok(output.every(Number.isFinite));
  assert.ok(Math.abs(output[4000 + LOOK_AHEAD_SAMPLES] - left[4000]) < 1e-6);
});

test("peaks and the lowest gain are kept until they are read", () => {
  const limiter = new Limiter();
  limited(
    tones([
      [0.5, 6],
      [0.5, -20],
    ]),
    limiter,
  );
  assert.ok(Math.abs(20 * Math.log10(limiter.peaks[0]) - 6) < 0.3);
  assert.ok(Math.abs(20 * Math.log10(limiter.lowestGain) - (CEILING_DBTP - 6)) < 0.3);
});

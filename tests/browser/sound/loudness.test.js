/**
 * The meter of the broadcaster's page against the judge, and against EBU Tech 3341.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { loudnessWord } from "../../../audiocast/web/static/broadcast/loudness_meter.js";
import { LoudnessMeter } from "../../../audiocast/web/static/broadcast/sound/loudness.js";
import { TruePeak } from "../../../audiocast/web/static/broadcast/sound/true_peak.js";
import { judge } from "./judge.js";
import { hiss, louder, music, offBeat, speech, tones } from "./programmes.js";

/** @typedef {import("./judge.js").Stereo} Stereo */

const STEP = 4_800;
/** Tech 3341 asks for 0.1 LU; the judge and we differ by rounding. */
const CLOSE_LU = 0.1;
const SAME_LU = 0.02;

/** @param {Stereo} sound */
function measured(sound) {
  const meter = new LoudnessMeter();
  const momentary = [];
  const shortTerm = [];
  for (let at = 0; at + STEP <= sound[0].length; at += STEP) {
    meter.push(sound.map((channel) => channel.subarray(at, at + STEP)));
    momentary.push(meter.momentary);
    shortTerm.push(meter.shortTerm);
  }
  return { momentary, shortTerm, integrated: meter.integrated };
}

/** @param {Stereo} sound */
function truePeak(sound) {
  const peaks = sound.map((channel) => {
    const detector = new TruePeak();
    return channel.reduce((peak, sample) => Math.max(peak, detector.push(sample)), 0);
  });
  return 20 * Math.log10(Math.max(...peaks));
}

/**
 * @param {number} got
 * @param {number} wanted
 * @param {number} tolerance
 * @param {string} [what]
 */
function assertClose(got, wanted, tolerance, what = "") {
  assert.ok(Math.abs(got - wanted) <= tolerance, `${what} expected ${wanted} within ${tolerance}, got ${got}`);
}

// Signal 6 has five channels, which no broadcaster here has.
/** @type {[number, number, [number, number][]][]} number of the test signal, LUFS, steps */
const INTEGRATED = [
  [1, -23, [[20, -23]]],
  [2, -33, [[20, -33]]],
  [3, -23, [10, 60, 10].map((seconds, at) => [seconds, [-36, -23, -36][at]])],
  [4, -23, [10, 10, 60, 10, 10].map((seconds, at) => [seconds, [-72, -36, -23, -36, -72][at]])],
  [5, -23, [20, 20.1, 20].map((seconds, at) => [seconds, [-26, -20, -26][at]])],
];

for (const [number, lufs, steps] of INTEGRATED) {
  test(`Tech 3341, signal ${number}: ${lufs} LUFS`, () => {
    const { momentary, shortTerm, integrated } = measured(tones(steps));
    assertClose(integrated, lufs, CLOSE_LU, "integrated");
    if (steps.length === 1) {
      momentary.slice(4).forEach((each) => assertClose(each, lufs, CLOSE_LU, "momentary"));
      shortTerm.slice(30).forEach((each) => assertClose(each, lufs, CLOSE_LU, "short-term"));
    }
  });
}

test("Tech 3341, signal 9: the short-term loudness stays while the tone changes", () => {
  const { shortTerm } = measured(
    tones(
      new Array(5)
        .fill([
          [1.34, -20],
          [1.66, -30],
        ])
        .flat(),
    ),
  );
  shortTerm.slice(30).forEach((each) => assertClose(each, -23, CLOSE_LU, "short-term"));
});

test("Tech 3341, signal 12: the momentary loudness stays while the tone changes", () => {
  const { momentary } = measured(
    tones(
      new Array(25)
        .fill([
          [0.18, -20],
          [0.22, -30],
        ])
        .flat(),
    ),
  );
  momentary.slice(10).forEach((each) => assertClose(each, -23, CLOSE_LU, "momentary"));
});

for (const [number, divisor, degrees, amplitude, dbtp] of [
  [15, 4, 0, 0.5, -6],
  [16, 4, 45, 0.5, -6],
  [17, 6, 60, 0.5, -6],
  [18, 8, 67.5, 0.5, -6],
  [19, 4, 45, 1.41, 3],
]) {
  test(`Tech 3341, signal ${number}: a true peak of ${dbtp} dBTP`, () => {
    const peak = truePeak(offBeat(divisor, degrees, amplitude));
    assert.ok(peak <= dbtp + 0.2 && peak >= dbtp - 0.4, `expected ${dbtp} +0.2 -0.4, got ${peak}`);
  });
}

test("of peaks that are high enough none is missed to save work", () => {
  const [left] = music(4);
  const [exact, quick] = [new TruePeak(), new TruePeak()];
  const least = 0.3;
  let found = 0;
  for (const sample of left) {
    const peak = exact.push(sample);
    const other = quick.push(sample, least);
    found += Number(peak > least);
    assert.ok(peak > least ? other === peak : other <= least);
  }
  assert.ok(found > 1000, `${found}`);
});

/** @type {[string, () => Stereo][]} */
const PROGRAMMES = [
  ["speech", speech],
  ["music", () => music(12)],
  ["quiet music", () => louder(music(8), -30)],
  ["hiss", () => hiss(5)],
];

for (const [name, make] of PROGRAMMES) {
  test(`${name}: each momentary and short-term loudness is the judge's`, () => {
    const sound = make();
    const own = measured(sound);
    const judged = judge(sound);
    assert.ok(judged.momentary.length > 40, `${judged.momentary.length}`);
    judged.momentary.forEach((each, at) => {
      // The judge's numbers end at -120 or so; nobody hears that.
      if (each > -70) {
        assertClose(own.momentary[at], each, SAME_LU, `momentary at ${at / 10} s`);
      }
    });
    judged.shortTerm.forEach((each, at) => {
      if (each > -70) {
        assertClose(own.shortTerm[at], each, SAME_LU, `short-term at ${at / 10} s`);
      }
    });
    assertClose(own.integrated, judged.integrated, CLOSE_LU, "integrated");
  });
}

test("the integrated loudness of a show begins anew", () => {
  const meter = new LoudnessMeter();
  meter.push(tones([[5, -3]]));
  meter.restart();
  assert.equal(meter.integrated, -Infinity);
  meter.push(tones([[5, -23]]));
  assertClose(meter.integrated, -23, CLOSE_LU);
});

test("silence is -Infinity, not a number that is missing", () => {
  const meter = new LoudnessMeter();
  assert.equal(meter.momentary, -Infinity);
  meter.push([new Float32Array(48_000), new Float32Array(48_000)]);
  assert.deepEqual([meter.momentary, meter.shortTerm, meter.integrated], [-Infinity, -Infinity, -Infinity]);
});

test("the words of the page", () => {
  const words = [-Infinity, -50.1, -49.9, -24.1, -24, -18, -14, -13.9].map(loudnessWord);
  assert.deepEqual(words, ["silent", "silent", "quiet", "quiet", "good", "good", "good", "loud"]);
});

/**
 * What the sound test counts, and what it says of it.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Recorder } from "../../../audiocast/web/static/selftest/recorder.js";
import { reportText } from "../../../audiocast/web/static/selftest/report.js";

const STEP_MS = 250;

/**
 * A page that is hidden from 5 to 35 s.
 *
 * @param {object} page
 * @param {(nowMs: number) => number} page.sound how far the sound's clock is
 * @param {(nowMs: number) => boolean} [page.runs] whether its timers do
 */
function recorded({ sound, runs = () => true }) {
  const recorder = new Recorder();
  for (let nowMs = 0; nowMs <= 40_000; nowMs += STEP_MS) {
    const isHidden = nowMs >= 5_000 && nowMs < 35_000;
    if (runs(nowMs) || nowMs === 5_000 || nowMs === 35_000) {
      recorder.look({ nowMs, isHidden, isPlaying: true, soundMs: sound(nowMs), state: "running" });
    }
  }
  return recorder;
}

test("sound that goes on is counted, whether the page runs meanwhile or not", () => {
  const asleep = (/** @type {number} */ nowMs) => nowMs < 5_000 || nowMs > 35_000;
  for (const [runs, looks, pauseMs] of /** @type {const} */ ([
    [() => true, 120, STEP_MS],
    [asleep, 1, 30_000],
  ])) {
    const { seen, hidden, changes } = recorded({ sound: (nowMs) => nowMs, runs });
    assert.deepEqual(seen, { lastedMs: 10_000, soundMs: 10_000 });
    assert.deepEqual(hidden, { lastedMs: 30_000, soundMs: 30_000, looks, longestPauseMs: pauseMs });
    assert.deepEqual(
      changes.map(({ atMs, text }) => `${atMs} ${text}`),
      ["0 running", "5000 hidden", "35000 seen"],
    );
  }
});

test("sound that stops behind the locked screen is missed, and no clock that jumps makes up for it", () => {
  const { seen, hidden } = recorded({ sound: (nowMs) => (nowMs < 15_000 ? nowMs : nowMs < 35_000 ? 15_000 : nowMs) });
  assert.deepEqual([hidden.soundMs, seen.soundMs], [10_000 + 1.05 * STEP_MS, 10_000]);
});

test("a clock that begins anew loses a moment and no more", () => {
  const { seen } = recorded({ sound: (nowMs) => (nowMs < 2_000 ? 90_000 + nowMs : nowMs) });
  assert.equal(seen.soundMs, 10_000 - STEP_MS);
});

test("while the player does not play, no clock counts", () => {
  const recorder = new Recorder();
  for (const [nowMs, isPlaying] of /** @type {const} */ ([
    [0, false],
    [1_000, true],
    [2_000, true],
  ])) {
    recorder.look({ nowMs, isHidden: false, isPlaying, soundMs: nowMs, state: "" });
  }
  assert.equal(recorder.seen.soundMs, 1_000);
});

test("the text has what was heard and what was counted, step by step", () => {
  const recorder = recorded({ sound: (nowMs) => nowMs });
  const steps = [{ name: /** @type {const} */ ("locked"), heard: /** @type {const} */ ("all"), recorder }];
  assert.equal(
    reportText([["browser", "Some/1.0"]], [{ way: "webcodecs", steps }]),
    `browser: Some/1.0

webcodecs
  screen locked: heard all of it
    seen: sound for 10.0 of 10.0 s
    hidden: sound for 30.0 of 30.0 s; the page ran 120 times, longest pause 0.3 s
    0.0 running, 5.0 hidden, 35.0 seen
`,
  );
});

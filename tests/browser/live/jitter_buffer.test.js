/**
 * The jitter buffer on networks of every kind: how late the sound is, what is missing, and that nothing ever clicks.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { MODES } from "../../../audiocast/web/static/player/live/playback_methods.js";
import { TONE_BEND, dice, listen } from "./network.js";

const { bounds: LIVE } = MODES.live;
const { bounds: STABLE } = MODES.stable;

/** A fade of 5 ms bends the tone a little more than it bends by itself; a missing millisecond twenty times as much. */
const MOST_BEND = 4 * TONE_BEND;

/** @param {{delayMs: number}[]} moments */
function spread(moments) {
  const delays = moments.map(({ delayMs }) => delayMs);
  return { least: Math.min(...delays), most: Math.max(...delays) };
}

/**
 * @param {{atMs: number}[]} moments
 * @param {number} fromMs
 * @param {number} [toMs]
 */
function between(moments, fromMs, toMs = Infinity) {
  const found = moments.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  assert.ok(found.length > 3, `expected sound from ${fromMs} to ${toMs} ms, got ${found.length} moments of it`);
  return found;
}

test("a good network costs 60 ms at most", () => {
  const { moments, bend, report } = listen({ bounds: LIVE, seconds: 60 });
  const { least, most } = spread(between(moments, 30_000));
  assert.ok(least >= 20 && most <= 60, `${least} to ${most} ms`);
  assert.equal(report.underruns, 0);
  assert.ok(bend <= MOST_BEND, `bends by ${bend}`);
});

for (const { minutes, driftPpm } of [
  { minutes: 60, driftPpm: 200 },
  { minutes: 6, driftPpm: -200 },
]) {
  test(`${minutes} minutes of a clock that is off by ${driftPpm} ppm`, () => {
    const { moments, bend, report } = listen({ bounds: LIVE, seconds: 60 * minutes, driftPpm });
    const { least, most } = spread(between(moments, 30_000));
    assert.ok(most - least <= 25, `${least} to ${most} ms`);
    assert.deepEqual([report.underruns, report.skippedMs, report.missingMs], [0, 0, 0]);
    assert.ok(bend <= MOST_BEND, `bends by ${bend}`);
  });
}

test("a backlog that comes at the start is not heard: only its end is", () => {
  const backlog = (/** @type {number} */ sentMs) => (sentMs <= 240 ? 240 - sentMs + sentMs / 20 : 0);
  const { moments } = listen({ bounds: LIVE, seconds: 10, delayMs: backlog });
  assert.ok(moments[0].delayMs <= 70, `${moments[0].delayMs} ms`);
});

test("a network that worsens slowly is never heard to", () => {
  const random = dice(3);
  const { report } = listen({ bounds: LIVE, seconds: 60, delayMs: (sentMs) => (sentMs / 1_000) * random() });
  assert.equal(report.underruns, 0);
});

test("jitter of 50 ± 30 ms is played through once it is known", () => {
  const random = dice(1);
  const { moments, bend, missingMs } = listen({ bounds: LIVE, seconds: 120, delayMs: () => 20 + 60 * random() });
  assert.equal(missingMs(20_000, 120_000), 0);
  const { most } = spread(between(moments, 20_000));
  assert.ok(most <= 80 + 120, `${most} ms`);
  assert.ok(bend <= MOST_BEND, `bends by ${bend}`);
});

test("stalls of 200 ms, one packet in fifty, are played through once they are known", () => {
  const random = dice(2);
  const stalls = () => 20 + (random() < 0.02 ? 200 : 0);
  const { moments, bend, missingMs } = listen({ bounds: LIVE, seconds: 120, delayMs: stalls });
  assert.equal(missingMs(30_000, 120_000), 0);
  const { most } = spread(between(moments, 30_000));
  assert.ok(most <= 20 + 320, `${most} ms`);
  assert.ok(bend <= MOST_BEND, `bends by ${bend}`);
});

/**
 * All that is sent in these milliseconds comes at their end.
 *
 * @param {number} beginsMs
 * @param {number} endsMs
 */
function heldUp(beginsMs, endsMs) {
  return (/** @type {number} */ sentMs) => (sentMs >= beginsMs && sentMs < endsMs ? endsMs - sentMs : 0);
}

test("a short hole is filled with the sound before it", () => {
  const { bend, report, faintest } = listen({ bounds: LIVE, seconds: 40, delayMs: heldUp(30_000, 30_080) });
  assert.equal(report.underruns, 1);
  assert.ok(report.missingMs > 30 && report.missingMs < 80, `${report.missingMs} ms are missing`);
  assert.ok(faintest(29_000, 31_000) > 0.1, `as faint as ${faintest(29_000, 31_000)}`);
  assert.ok(bend <= MOST_BEND, `bends by ${bend}`);
});

test("a long hole is soon silent", () => {
  const { bend, faintest } = listen({ bounds: LIVE, seconds: 40, delayMs: heldUp(30_000, 30_400) });
  assert.equal(faintest(30_200, 30_400), 0);
  assert.ok(bend <= MOST_BEND, `bends by ${bend}`);
});

test("an outage costs its own length and little more, and the delay is what it was", () => {
  const { moments, bend, report, missingMs } = listen({
    bounds: LIVE,
    seconds: 90,
    delayMs: heldUp(30_000, 33_000),
  });
  const before = spread(between(moments, 20_000, 30_000));
  const after = spread(between(moments, 34_000, 44_000));
  assert.ok(after.most - before.most <= 100, `${before.most} ms before, ${after.most} ms after`);
  assert.equal(report.underruns, 1);
  const missing = missingMs(29_000, 90_000);
  assert.ok(missing > 2_800 && missing < 3_500, `${missing} ms are missing`);
  assert.ok(bend <= MOST_BEND, `bends by ${bend}`);
});

for (const pageMs of [1_000, 2_000]) {
  test(`a source that sends ${pageMs} ms at a time is played without a hole once it is known`, () => {
    const held = (/** @type {number} */ sentMs) => Math.ceil(sentMs / pageMs) * pageMs - sentMs;
    const { moments, bend, missingMs } = listen({ bounds: LIVE, seconds: 60, delayMs: held });
    assert.equal(missingMs(9 * pageMs, 60_000), 0);
    const { most } = spread(between(moments, 20_000));
    assert.ok(most <= 1.75 * pageMs, `${most} ms`);
    assert.ok(bend <= MOST_BEND, `bends by ${bend}`);
  });
}

test("what comes far too late is left out under a cross-fade, and the live edge is where it was", () => {
  const held = heldUp(30_000, 30_450);
  const bounds = { startMs: 500, floorMs: 100, ceilingMs: 1_000 };
  const { moments, bend, report } = listen({
    bounds,
    seconds: 60,
    // The network was 400 ms slower at first: all that was sent then is late for ever, once it is not.
    delayMs: (sentMs) => held(sentMs) + (sentMs < 20_000 ? 400 : 0),
  });
  assert.ok(report.skippedMs > 0, "nothing was left out");
  const { most } = spread(between(moments, 32_000));
  assert.ok(most < 750, `${most} ms`);
  assert.ok(bend <= MOST_BEND, `bends by ${bend}`);
});

test("two seconds in hand play through a network that is gone for one and a half", () => {
  const gone = (/** @type {number} */ sentMs) => (sentMs % 20_000 > 18_500 ? 20_000 - (sentMs % 20_000) : 0);
  const { bend, report, moments } = listen({ bounds: STABLE, seconds: 120, delayMs: gone });
  assert.equal(report.missingMs, 0);
  const { least } = spread(between(moments, 30_000));
  assert.ok(least > 1_900, `${least} ms`);
  assert.ok(bend <= MOST_BEND, `bends by ${bend}`);
});

test("in silence the delay sinks by what is left out", () => {
  const loudness = (/** @type {number} */ mediaMs) => (mediaMs > 20_000 && mediaMs < 21_000 ? 0 : 1);
  // A network that is slow at first: what it was late by then is too little to leap over.
  const slow = (/** @type {number} */ sentMs) => (sentMs < 19_000 ? 180 : 0);
  const { moments, bend, report } = listen({ bounds: LIVE, seconds: 40, loudness, delayMs: slow });
  assert.ok(report.skippedMs > 100, `${report.skippedMs} ms were left out`);
  const { most } = spread(between(moments, 25_000));
  assert.ok(most <= 80, `${most} ms`);
  assert.ok(bend <= MOST_BEND, `bends by ${bend}`);
});

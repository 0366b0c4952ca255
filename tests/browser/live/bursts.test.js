/**
 * Sources that send much at once and then nothing: once the page knows of that there is no hole, and the delay that it
 * shows is that of the sound.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { MODES } from "../../../audiocast/web/static/player/live/playback_methods.js";
import { PACKET_MS, TONE_BEND, dice, listen } from "./network.js";

const BURSTS_MS = [100, 500, 1_000, 2_000, 4_000, 6_000, 10_000];
const PAGES_MS = [PACKET_MS, 200, 1_000, 5_100];

/** When in a burst's time a listener comes. */
const JOINS_AFTER = 0.37;
/** As the page asks for, and little more: what the server sends first. */
const SPARE_PREROLL_MS = 200;
/** A fade of 5 ms bends the tone a little more than it bends by itself. */
const MOST_BEND = 4 * TONE_BEND;

/**
 * Join while a source is on air that sends so much at once.
 *
 * @param {object} air
 * @param {"live" | "stable"} air.mode
 * @param {number} air.grainMs
 * @param {boolean} air.isKnown whether the page is told of it before
 * @param {number} [air.seconds]
 * @param {() => number} [air.lateMs] of each burst
 */
function join({ mode, grainMs, isKnown, seconds = 20 + (5 * grainMs) / 1_000, lateMs = () => 0 }) {
  const { bounds, prerollSeconds } = MODES[mode];
  const prerollMs = 1_000 * prerollSeconds + (isKnown ? 1.05 * grainMs : 0) + SPARE_PREROLL_MS;
  const sinceMs = JOINS_AFTER * grainMs;
  /** By number of the burst. @type {number[]} */
  const late = [];
  const arrivesMs = (/** @type {number} */ sentMs) => {
    const burst = Math.ceil((sentMs - prerollMs) / grainMs - 1e-9);
    late[burst] ??= lateMs();
    return burst <= 0 ? 0 : burst * grainMs - sinceMs + late[burst];
  };
  const heard = listen({
    bounds: { ...bounds, burstMs: isKnown ? grainMs : 0 },
    seconds,
    delayMs: (sentMs) => arrivesMs(sentMs) - sentMs,
  });
  // The last packet of a burst is sent as soon as it was made.
  const punctualMs = -sinceMs - prerollMs;
  const moments = heard.moments.map(({ delayMs, ...moment }) => ({ ...moment, delayMs: delayMs - punctualMs }));
  return { ...heard, seconds, moments };
}

/** @type {Map<string, ReturnType<typeof join>>} */
const joined = new Map();

/** Cells of the matrix that come to the same are listened to once. */
function joinOnce(mode, grainMs, isKnown) {
  const name = `${mode} ${grainMs} ${isKnown}`;
  const heard = joined.get(name) ?? join({ mode, grainMs, isKnown });
  joined.set(name, heard);
  return heard;
}

for (const mode of /** @type {const} */ (["live", "stable"])) {
  for (const burstMs of BURSTS_MS) {
    for (const pageMs of PAGES_MS) {
      const grainMs = Math.ceil(burstMs / pageMs) * pageMs;
      test(`${mode}: bursts of ${burstMs} ms in pages of ${pageMs} ms`, () => {
        for (const isKnown of [true, false]) {
          const { moments, missingMs, seconds, bend, report } = joinOnce(mode, grainMs, isKnown);
          const adaptedMs = isKnown ? 0 : 3 * grainMs + 500;
          assert.ok(moments[0].atMs <= Math.max(2_000, adaptedMs), `the first sound after ${moments[0].atMs} ms`);
          assert.equal(missingMs(adaptedMs, 1_000 * seconds), 0);
          assert.ok(bend <= MOST_BEND, `bends by ${bend}`);
          const floorMs = MODES[mode].bounds.floorMs;
          for (const { atMs, delayMs, shownMs } of moments.filter(({ atMs }) => atMs > 3 * grainMs + 2_000)) {
            assert.ok(Math.abs(shownMs - delayMs) < 60, `shows ${shownMs} ms after ${atMs} ms, it is ${delayMs} ms`);
            assert.ok(delayMs < 2 * grainMs + floorMs + 300, `${delayMs} ms late`);
          }
          assert.ok(report.targetMs <= 12_000, `aims at ${report.targetMs} ms`);
        }
      });
    }
  }
}

test("bursts that come at their own times are played through", () => {
  const random = dice(5);
  const late = () => 900 * random();
  const { missingMs, seconds, bend } = join({
    mode: "live",
    grainMs: 6_000,
    isKnown: true,
    seconds: 120,
    lateMs: late,
  });
  assert.equal(missingMs(30_000, 1_000 * seconds), 0);
  assert.ok(bend <= MOST_BEND, `bends by ${bend}`);
});

test("a source without bursts after one with them is heard soon after it was made", () => {
  const changesMs = 60_000;
  const arrivesMs = (/** @type {number} */ sentMs) =>
    sentMs <= changesMs ? Math.ceil(sentMs / 6_000) * 6_000 : sentMs;
  const { moments, missingMs, bend } = listen({
    bounds: MODES.live.bounds,
    seconds: 120,
    delayMs: (sentMs) => arrivesMs(sentMs) - sentMs,
  });
  assert.equal(missingMs(20_000, 120_000), 0);
  const delays = moments.filter(({ atMs }) => atMs > 95_000).map(({ delayMs }) => delayMs);
  assert.ok(Math.max(...delays) < 100, `${Math.max(...delays)} ms late`);
  assert.ok(bend <= MOST_BEND, `bends by ${bend}`);
});

test("bursts after a source without them cost no hole any more once there were two", () => {
  const changesMs = 30_000;
  const arrivesMs = (/** @type {number} */ sentMs) =>
    sentMs <= changesMs ? sentMs : Math.ceil(sentMs / 6_000) * 6_000;
  const { missingMs } = listen({
    bounds: MODES.live.bounds,
    seconds: 120,
    delayMs: (sentMs) => arrivesMs(sentMs) - sentMs,
  });
  assert.ok(missingMs(0, 120_000) < 3 * 6_500);
  assert.equal(missingMs(49_000, 120_000), 0);
});

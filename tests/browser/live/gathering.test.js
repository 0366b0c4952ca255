/**
 * Sound that gathers at a busy server, as `audiocast/stream/fanout/lane.py` has it: nothing is missing and nothing clicks,
 * and when the server has room again the delay is what it was.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { MODES } from "../../../audiocast/web/static/player/live/playback_methods.js";
import { TONE_BEND, dice, listen } from "./network.js";

const { bounds, aimMs } = MODES.live;
/** The server's: half of the aim at most, and longer by 5 ms with each second of load. */
const MOST_MS = aimMs / 2;
const GROWTH = 0.005;
const MOST_BEND = 4 * TONE_BEND;
const PREROLL_MS = 200;
/** How late the network is at most. */
const NETWORK_MS = 5;
const IDLE_FROM_MS = 20_000;
const BUSY_UNTIL_MS = 80_000;

/**
 * @param {(sentMs: number) => number} gathersMs for how long sound may gather that begins to gather then
 * @returns {(sentMs: number) => number} what it adds to the way of a packet, and the network
 */
function server(gathersMs) {
  const random = dice(5);
  let sendsAtMs = -1;
  return (sentMs) => {
    if (sentMs > sendsAtMs) {
      sendsAtMs = sentMs + gathersMs(sentMs);
    }
    return sendsAtMs - sentMs + NETWORK_MS * random();
  };
}

/**
 * @param {{atMs: number, delayMs: number}[]} moments
 * @param {number} fromMs
 * @param {number} toMs
 */
function delayMs(moments, fromMs, toMs) {
  const delays = moments.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).map((moment) => moment.delayMs);
  assert.ok(delays.length > 3, `expected sound from ${fromMs} to ${toMs} ms, got ${delays.length} moments of it`);
  return Math.max(...delays);
}

test("a server that has no room for a minute is not heard to, and costs no delay afterwards", () => {
  const isBusy = (/** @type {number} */ sentMs) => sentMs > IDLE_FROM_MS && sentMs < BUSY_UNTIL_MS;
  const { moments, report, bend } = listen({
    bounds,
    seconds: 180,
    delayMs: server((sentMs) => (isBusy(sentMs) ? Math.min(MOST_MS, GROWTH * (sentMs - IDLE_FROM_MS)) : 0)),
  });
  assert.deepEqual([report.underruns, report.missingMs, report.skippedMs], [0, 0, 0]);
  assert.ok(bend <= MOST_BEND, `bends by ${bend}`);
  const idleMs = delayMs(moments, 10_000, IDLE_FROM_MS);
  const busyMs = delayMs(moments, 40_000, BUSY_UNTIL_MS);
  assert.ok(busyMs <= idleMs + MOST_MS + 25, `${idleMs} ms, busy ${busyMs} ms`);
  const afterMs = delayMs(moments, 140_000, 180_000);
  assert.ok(Math.abs(afterMs - idleMs) <= 5, `${idleMs} ms, afterwards ${afterMs} ms`);
});

test("a server that has room now and then is not heard to", () => {
  // What may gather shrinks as slowly as it grew, so it is soon at its longest whenever there is no room.
  const { report } = listen({
    bounds,
    seconds: 120,
    delayMs: server((sentMs) => (sentMs % 3_000 < 2_000 ? Math.min(MOST_MS, (GROWTH * sentMs) / 3) : 0)),
  });
  assert.deepEqual([report.underruns, report.missingMs], [0, 0]);
});

test("who comes to a busy server hears no gap, and needs no more in hand than the page aims at", () => {
  const busy = server(() => MOST_MS);
  const backlog = (/** @type {number} */ sentMs) => (sentMs <= PREROLL_MS ? PREROLL_MS - sentMs : busy(sentMs));
  const { report, bend } = listen({ bounds, seconds: 60, delayMs: backlog });
  assert.deepEqual([report.underruns, report.missingMs], [0, 0]);
  assert.ok(report.targetMs <= aimMs + NETWORK_MS, `${report.targetMs} ms`);
  assert.ok(bend <= MOST_BEND, `bends by ${bend}`);
});

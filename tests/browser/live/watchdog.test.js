/**
 * When a way to play that stays silent counts as one that cannot: only while there is something to be heard.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Watchdog } from "../../../audiocast/web/static/player/live/watchdog.js";

const STEP_MS = 10;

/**
 * Let sound come, of which nothing is heard.
 *
 * @param {object} air
 * @param {number} air.burstMs how much comes at once
 * @param {number} air.aimMs
 * @param {number} [air.soundMs] how much comes in all
 * @param {number} [air.asleepMs] for how long the page is asleep, from the first second on
 * @returns {number} when this way to play has failed; Infinity if it does not
 */
function failsAt({ burstMs, aimMs, soundMs = Infinity, asleepMs = 0 }) {
  const watchdog = new Watchdog();
  for (let [nowMs, sentMs] = [0, 0]; nowMs <= 60_000; nowMs += nowMs === 1_000 ? asleepMs + STEP_MS : STEP_MS) {
    const cameMs = sentMs <= nowMs && sentMs < soundMs ? burstMs : 0;
    sentMs += cameMs;
    if (watchdog.isSilent(nowMs, cameMs, aimMs)) {
      return nowMs;
    }
  }
  return Infinity;
}

test("three seconds after enough has come", () => {
  assert.equal(failsAt({ burstMs: 20, aimMs: 20 }), 3_000);
  assert.equal(failsAt({ burstMs: 20, aimMs: 2_020 }), 5_000);
  assert.equal(failsAt({ burstMs: 5_100, aimMs: 5_100 }), 3_000);
  assert.equal(failsAt({ burstMs: 5_100, aimMs: 6_000 }), 5_100 + 3_000);
});

test("never where too little came, or nothing comes any more", () => {
  assert.equal(failsAt({ burstMs: 20, aimMs: 100_000 }), Infinity);
  assert.equal(failsAt({ burstMs: 20, aimMs: 20, soundMs: 2_900 }), Infinity);
});

test("a page that was asleep has its three seconds awake", () => {
  assert.ok(failsAt({ burstMs: 5_000, aimMs: 20, asleepMs: 4_000 }) > 1_000 + 4_000 + 900);
});

test("what is heard starts the wait anew", () => {
  const watchdog = new Watchdog();
  for (let nowMs = 0; nowMs <= 60_000; nowMs += STEP_MS) {
    if (nowMs % 2_900 === 0) {
      watchdog.heard();
    }
    assert.ok(!watchdog.isSilent(nowMs, STEP_MS, 20));
  }
});

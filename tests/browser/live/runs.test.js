/**
 * Bursts of a source and outages of a network begin alike, and are told apart by what follows.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Runs } from "../../../audiocast/web/static/player/live/buffer/runs.js";

const PACKET_MS = 20;

/**
 * @param {Runs} runs
 * @param {number} nowMs
 * @param {number} soundMs arrives in packets
 * @param {number} [tookMs] how long it takes to arrive
 */
function arrive(runs, nowMs, soundMs, tookMs = 0) {
  for (let cameMs = 0; cameMs < soundMs; cameMs += PACKET_MS) {
    runs.arrived(nowMs + (tookMs * cameMs) / soundMs, PACKET_MS);
  }
}

/**
 * Let packets come evenly.
 *
 * @param {Runs} runs
 * @param {number} fromMs
 * @param {number} toMs
 */
function even(runs, fromMs, toMs) {
  arrive(runs, fromMs, toMs - fromMs, toMs - fromMs);
}

test("two bursts are enough, once the next one has begun", () => {
  const runs = new Runs(0);
  arrive(runs, 0, 6_000);
  arrive(runs, 6_000, 6_000);
  assert.equal(runs.burstMs, 0);
  arrive(runs, 12_000, PACKET_MS);
  assert.equal(runs.burstMs, 6_000);
});

test("bursts differ, and a slow network takes its time", () => {
  const runs = new Runs(0);
  arrive(runs, 0, 6_000, 2_900);
  arrive(runs, 7_000, 4_000, 1_900);
  arrive(runs, 10_500, 6_000);
  assert.equal(runs.burstMs, 4_000);
  arrive(runs, 17_500, 4_000);
  assert.equal(runs.burstMs, 7_000);
  arrive(runs, 22_000, PACKET_MS);
  assert.equal(runs.burstMs, 0.75 * 7_000);
});

test("after an outage sound goes on, and so it is none of the source's bursts", () => {
  const runs = new Runs(0);
  even(runs, 0, 10_000);
  arrive(runs, 13_000, 3_000);
  even(runs, 13_020, 23_000);
  arrive(runs, 26_000, 3_000);
  even(runs, 26_020, 30_000);
  arrive(runs, 33_000, 3_000);
  assert.equal(runs.burstMs, 0);
});

test("a network that is gone twice is none, although it looks like one at first", () => {
  const runs = new Runs(0);
  even(runs, 0, 10_000);
  arrive(runs, 11_000, 1_000);
  arrive(runs, 12_000, 1_000);
  even(runs, 12_020, 20_000);
  arrive(runs, 21_000, 1_000);
  assert.equal(runs.burstMs, 0);
});

test("packets that come late now and then are none", () => {
  const runs = new Runs(0);
  for (let nowMs = 0; nowMs < 60_000; nowMs += 300) {
    arrive(runs, nowMs, 300);
  }
  assert.equal(runs.burstMs, 0);
});

test("a backlog before a connection that goes silent is none", () => {
  const runs = new Runs(0);
  arrive(runs, 0, 2_000);
  arrive(runs, 9_000, PACKET_MS);
  assert.equal(runs.burstMs, 0);
  arrive(runs, 9_000, 2_000);
  runs.reset();
  arrive(runs, 11_000, PACKET_MS);
  assert.equal(runs.burstMs, 0);
});

test("what is known holds while bursts come, and is forgotten after half a minute without", () => {
  const runs = new Runs(6_000);
  for (let nowMs = 0; nowMs <= 120_000; nowMs += 6_000) {
    arrive(runs, nowMs, 6_000);
  }
  assert.equal(runs.burstMs, 6_000);
  even(runs, 126_000, 126_000 + 20_000);
  assert.equal(runs.burstMs, 6_000);
  even(runs, 146_000, 146_000 + 10_100);
  assert.equal(runs.burstMs, 0);
  assert.equal(new Runs(20).burstMs, 0);
});

test("a pause after a burst is as long as the burst, known as one or not", () => {
  const runs = new Runs(0);
  assert.equal(runs.pauseMs(0), 0);
  arrive(runs, 0, 6_000);
  assert.deepEqual(
    [0, 4_000, 6_000, 60_000].map((nowMs) => runs.pauseMs(nowMs)),
    [6_000, 2_000, 0, 0],
  );
  arrive(runs, 6_000, 6_000);
  arrive(runs, 12_000, PACKET_MS);
  assert.equal(runs.pauseMs(12_000), 6_000);
  arrive(runs, 12_000, 3_600_000);
  assert.equal(runs.pauseMs(12_000), 30_000);
});

test("after packets that come evenly there is no pause, and soon after an outage there is none, too", () => {
  const runs = new Runs(0);
  even(runs, 0, 10_000);
  assert.equal(runs.pauseMs(10_000), 0);
  arrive(runs, 13_000, 3_000);
  assert.equal(runs.pauseMs(13_000), 3_000);
  even(runs, 13_000, 17_000);
  assert.equal(runs.pauseMs(17_000), 0);
});

test("where the server has found bursts meanwhile, one is enough, and none is not", () => {
  const runs = new Runs(0);
  even(runs, 0, 10_000);
  runs.expect(6_000);
  arrive(runs, 16_000, 6_000);
  assert.equal(runs.burstMs, 0);
  arrive(runs, 22_000, PACKET_MS);
  assert.equal(runs.burstMs, 6_000);

  const gone = new Runs(0);
  even(gone, 0, 10_000);
  gone.expect(3_000);
  arrive(gone, 13_000, 3_000);
  even(gone, 13_020, 23_000);
  arrive(gone, 26_000, 3_000);
  assert.equal(gone.burstMs, 0);
});

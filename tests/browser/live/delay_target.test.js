/**
 * How the delay that is aimed at follows the network: up at once, down slowly.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { DelayTarget } from "../../../audiocast/web/static/player/live/buffer/delay_target.js";

const BOUNDS = { startMs: 50, floorMs: 40, ceilingMs: 500 };
const PACKET_MS = 20;

/**
 * Let packets of 20 ms arrive for a while.
 *
 * @param {DelayTarget} target
 * @param {number} fromMs
 * @param {number} toMs
 * @param {number} [lateMs] how late each one is
 */
function arrive(target, fromMs, toMs, lateMs = 0) {
  for (let mediaMs = fromMs; mediaMs < toMs; mediaMs += PACKET_MS) {
    target.arrived(mediaMs + lateMs, mediaMs, PACKET_MS);
  }
}

test("after running dry it is half as much again and ten, up to the ceiling", () => {
  const target = new DelayTarget(BOUNDS);
  target.underrun(0);
  assert.equal(target.ms, 85);
  for (let time = 1; time < 20; time += 1) {
    target.underrun(time);
  }
  assert.equal(target.ms, BOUNDS.ceilingMs);
});

test("after ten calm seconds it sinks, by 4 ms in a second, to the floor", () => {
  const target = new DelayTarget(BOUNDS);
  target.underrun(1_000);
  arrive(target, 1_000, 11_000);
  assert.equal(target.ms, 85);
  arrive(target, 11_000, 16_000);
  assert.ok(Math.abs(target.ms - 65) < 0.5, `${target.ms} ms`);
  arrive(target, 16_000, 60_000);
  assert.equal(target.ms, BOUNDS.floorMs);
});

test("one packet that is late is enough to be ready for the next, for as long as it is remembered", () => {
  const target = new DelayTarget(BOUNDS);
  arrive(target, 0, 5_000);
  target.underrun(5_000);
  target.arrived(5_100, 5_000, PACKET_MS);
  assert.equal(target.jitterMs, 100);
  assert.equal(target.ms, 100 + PACKET_MS + 15);
  arrive(target, 5_100, 30_000);
  assert.equal(target.jitterMs, 0);
});

test("long packets ask for more, since all of one comes at once", () => {
  const target = new DelayTarget(BOUNDS);
  target.arrived(60, 60, 60);
  assert.equal(target.ms, 75);
});

test("an outage is no jitter, and neither is what it has held up", () => {
  const target = new DelayTarget(BOUNDS);
  arrive(target, 0, 5_000);
  for (let mediaMs = 5_000; mediaMs < 8_000; mediaMs += PACKET_MS) {
    target.arrived(8_000, mediaMs, PACKET_MS);
  }
  arrive(target, 8_000, 9_000);
  assert.ok(target.ms <= BOUNDS.startMs + 5, `${target.ms} ms`);
  assert.ok(target.jitterMs <= 20, `${target.jitterMs} ms`);
});

test("having run dry in an outage, or with a connection, is no reason for more", () => {
  const target = new DelayTarget(BOUNDS);
  arrive(target, 0, 5_000);
  const before = target.ms;
  target.underrun(5_000);
  target.arrived(8_000, 5_000, PACKET_MS);
  target.underrun(8_000);
  assert.equal(target.ms, before);
  arrive(target, 8_000, 9_000);
  target.underrun(9_000);
  target.reset();
  assert.equal(target.ms, before);
});

test("a burst each second is no outage: two of them tell, and all of one is waited for", () => {
  const target = new DelayTarget(BOUNDS);
  const wantedMs = BOUNDS.floorMs + 1.05 * (1_000 - PACKET_MS);
  for (let second = 1; second <= 20; second += 1) {
    for (let mediaMs = 1_000 * (second - 1) + PACKET_MS; mediaMs <= 1_000 * second; mediaMs += PACKET_MS) {
      target.arrived(1_000 * second, mediaMs, PACKET_MS);
    }
    assert.ok(second > 2 ? target.ms === wantedMs : target.ms < 60, `${target.ms} ms after ${second} s`);
  }
  assert.equal(target.jitterMs, 1_000 - PACKET_MS);
  target.underrun(20_000);
  assert.equal(target.ms, wantedMs);
});

test("what the server has told of a source is waited for from the start, up to twelve seconds", () => {
  assert.equal(new DelayTarget({ ...BOUNDS, burstMs: 1_020 }).ms, BOUNDS.startMs + 1_050);
  assert.equal(new DelayTarget({ ...BOUNDS, burstMs: PACKET_MS }).ms, BOUNDS.startMs);
  assert.equal(new DelayTarget({ ...BOUNDS, burstMs: 1e9 }).ms, 12_000);
});

test("a clock that jumps is no jitter once it is said", () => {
  const target = new DelayTarget(BOUNDS);
  arrive(target, 0, 5_000);
  target.reset();
  arrive(target, 5_000, 9_000, 300);
  assert.equal(target.jitterMs, 0);
});

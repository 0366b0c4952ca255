/**
 * How much sound is still in hand, by how it came: it tells how long nothing may come.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { InHand } from "../../../audiocast/web/static/player/live/in_hand.js";

/**
 * @param {object} air
 * @param {number} air.burstMs how much comes at once, each time after as long
 * @param {number} air.untilMs
 * @param {number} [air.backlogMs] what comes first
 */
function listen({ burstMs, untilMs, backlogMs = 0 }) {
  const inHand = new InHand();
  if (backlogMs > 0) {
    inHand.arrived(0, -backlogMs, 0);
  }
  for (let endMs = burstMs; endMs <= untilMs; endMs += burstMs) {
    inHand.arrived(endMs, endMs - burstMs, endMs);
  }
  return inHand;
}

test("nothing before anything came", () => {
  assert.equal(new InHand().ms(0), 0);
});

test("a burst lasts as long as it is", () => {
  const inHand = listen({ burstMs: 6_000, untilMs: 60_000 });
  assert.deepEqual(
    [60_000, 63_000, 66_000, 99_000].map((nowMs) => inHand.ms(nowMs)),
    [6_000, 3_000, 0, 0],
  );
});

test("of packets that come evenly only the last is in hand, once the backlog is forgotten", () => {
  assert.equal(listen({ burstMs: 20, backlogMs: 2_000, untilMs: 1_000 }).ms(1_000), 2_000);
  assert.equal(listen({ burstMs: 20, backlogMs: 2_000, untilMs: 40_000 }).ms(40_000), 20);
});

test("what an outage held up is in hand", () => {
  const inHand = listen({ burstMs: 20, untilMs: 60_000 });
  inHand.arrived(63_000, 60_000, 63_000);
  assert.equal(inHand.ms(63_000), 3_000 + 20 - 20);
});

test("more than half a minute is not believed, and another stream has nothing of this one", () => {
  const inHand = listen({ burstMs: 20, untilMs: 1_000 });
  inHand.arrived(1_000, 1_000, 3_600_000);
  assert.equal(inHand.ms(1_000), 30_000);
  inHand.restart();
  assert.equal(inHand.ms(1_000), 0);
  inHand.arrived(2_000, 0, 500);
  assert.equal(inHand.ms(2_000), 500);
});

/**
 * The listener's page as a whole, without a browser: sources that are odd are heard, or another way to play is tried.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { openPage } from "./made_up_page.js";

/** @param {number} burstMs */
function bursts(burstMs) {
  return (/** @type {number} */ sentMs) => Math.ceil(sentMs / burstMs) * burstMs;
}

const EVEN = (/** @type {number} */ sentMs) => sentMs;

test("pages of 5.1 s, of which the server has told, are heard at once and without a hole", async () => {
  for (const mode of /** @type {const} */ (["live", "stable"])) {
    const page = await openPage({
      arrivesMs: bursts(5_100),
      burstMs: 5_100,
      mode,
      listensAtMs: 20_000,
      untilMs: 60_000,
    });
    assert.deepEqual(
      page.events.map(({ name }) => name),
      ["playing"],
    );
    assert.equal(page.silentMs(21_000, 60_000), 0);
  }
});

test("bursts of 6 s are heard without a hole, once they are known, over one connection", async () => {
  for (const burstMs of [0, 6_000]) {
    const page = await openPage({ arrivesMs: bursts(6_000), burstMs, listensAtMs: 9_000, untilMs: 60_000 });
    assert.equal(page.connects, 1);
    assert.equal(page.silentMs(burstMs ? 9_500 : 31_000, 60_000), 0);
    const { delayMs } = page.moments[page.moments.length - 1];
    const shownMs = page.reports[page.reports.length - 1].delayMs;
    assert.ok(Math.abs(delayMs - shownMs) < 100, `shows ${shownMs} ms, it is ${delayMs} ms`);
  }
});

test("what the server finds out while the page plays is aimed at from then on", async () => {
  const page = await openPage({
    arrivesMs: (sentMs) => (sentMs <= 20_000 ? EVEN(sentMs) : 20_000 + bursts(6_000)(sentMs - 20_000)),
    // The server knows as soon as the first burst is there, and the page a moment later.
    burstMs: (nowMs) => (nowMs < 26_100 ? 20 : 6_000),
    listensAtMs: 9_000,
    untilMs: 60_000,
  });
  assert.equal(page.silentMs(32_500, 60_000), 0);
});

test("a connection is dead when nothing came for three seconds, also if nothing came for a while before", async () => {
  const gone = (/** @type {number} */ sentMs) => {
    const isGone = sentMs > 20_000 && sentMs < 22_500;
    return isGone ? 22_500 : sentMs < 30_000 ? EVEN(sentMs) : sentMs + 9_000;
  };
  const connects = async (/** @type {number} */ untilMs) =>
    (await openPage({ arrivesMs: gone, listensAtMs: 1_000, untilMs })).connects;
  assert.deepEqual([await connects(32_800), await connects(33_500)], [1, 2]);
});

test("a connection is dead three seconds after the last burst was used up", async () => {
  const gone = (/** @type {number} */ sentMs) => (sentMs <= 24_000 ? bursts(6_000)(sentMs) : sentMs + 60_000);
  const connects = async (/** @type {number} */ untilMs) =>
    (await openPage({ arrivesMs: gone, burstMs: 6_000, listensAtMs: 7_000, untilMs })).connects;
  assert.deepEqual([await connects(32_800), await connects(33_500)], [1, 2]);
});

test("when packets come and nothing is heard for three seconds, this way to play has failed", async () => {
  const { events } = await openPage({ arrivesMs: EVEN, listensAtMs: 1_000, untilMs: 20_000, decodedSamples: 1 });
  assert.deepEqual(
    events.map(({ name }) => name),
    ["unsupported"],
  );
  assert.ok(events[0].atMs >= 4_000 && events[0].atMs < 4_500, `after ${events[0].atMs - 1_000} ms`);
});

test("nobody hears a context that the system has suspended, and that is no failure", async () => {
  const { events } = await openPage({
    arrivesMs: EVEN,
    listensAtMs: 1_000,
    untilMs: 20_000,
    decodedSamples: 1,
    onStep(_, world) {
      world.contexts.forEach((context) => (context.state = "interrupted"));
    },
  });
  assert.deepEqual(events, []);
});

test("the lock screen's buttons pause and resume, and meanwhile nothing is received", async () => {
  Object.defineProperty(globalThis, "navigator", { value: { audioSession: {} }, configurable: true });
  let connections = [];
  const { events } = await openPage({
    arrivesMs: EVEN,
    listensAtMs: 1_000,
    untilMs: 20_000,
    onStep(output, { nowMs, contexts, connections: open }) {
      const states = /** @type {Record<number, string>} */ ({ 5_000: "suspended", 10_000: "running" });
      if (nowMs in states) {
        contexts[0].state = states[nowMs];
        contexts[0].dispatchEvent(new Event("statechange"));
        assert.equal(output.canResume(), true);
      }
      connections[nowMs / 1_000] = open.length;
    },
  });
  delete (/** @type {any} */ (globalThis).navigator);
  assert.deepEqual(
    events.map(({ name }) => name),
    ["playing", "paused", "resumed"],
  );
  assert.deepEqual([connections[4], connections[6]], [1, 0]);
});

test("an audio context that never starts is told as that", async () => {
  const { events } = await openPage({
    arrivesMs: EVEN,
    listensAtMs: 1_000,
    untilMs: 20_000,
    isContextRunning: false,
  });
  assert.deepEqual(
    events.map(({ name }) => name),
    ["silent"],
  );
});

test("the server is told what delay the page aims at, at each connection", async () => {
  const gone = (/** @type {number} */ sentMs) => (sentMs > 9_000 && sentMs < 14_000 ? 14_000 : sentMs);
  for (const { mode, latency } of /** @type {const} */ ([
    { mode: "live", latency: "80" },
    { mode: "stable", latency: "2000" },
  ])) {
    const page = await openPage({ arrivesMs: gone, mode, listensAtMs: 3_000, untilMs: 16_000 });
    assert.deepEqual(
      page.queries.map((query) => query.get("latency")),
      [latency, latency],
    );
  }
});

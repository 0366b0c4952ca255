/**
 * When the page asks for events again: with a made-up EventSource, network and clock.
 */

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { StreamEvents } from "../../../audiocast/web/static/shared/stream_events.js";

const POLL_MS = 13_000;

/** @type {FakeEventSource[]} */
let opened = [];
/** @type {() => Promise<{ok: boolean, status: number, json: () => Promise<object>}>} */
let answer;

class FakeEventSource extends EventTarget {
  static CLOSED = 2;
  readyState = 1;

  constructor() {
    super();
    opened.push(this);
  }

  close() {
    this.readyState = FakeEventSource.CLOSED;
  }

  works() {
    this.dispatchEvent(new MessageEvent("state", { data: '{"state": "live"}' }));
  }

  /** As where nobody answers: the browser tries again by itself. */
  fails() {
    this.dispatchEvent(new Event("error"));
  }

  /** As at a server that has no room for more event streams. */
  isRefused() {
    this.close();
    this.fails();
  }
}

const known = async () => ({ ok: true, status: 200, json: async () => ({ state: "live" }) });
const unreachable = async () => {
  throw new TypeError("Failed to fetch");
};

/** @param {number} ms */
async function pass(ms) {
  for (let left = ms; left > 0; left -= 1_000) {
    mock.timers.tick(1_000);
    await new Promise((done) => setImmediate(done));
  }
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  opened = [];
  answer = known;
  Object.assign(globalThis, { EventSource: FakeEventSource, fetch: () => answer() });
});

test("events come back with the first poll that is answered", async () => {
  const events = new StreamEvents("/api/streams/x");
  events.open();
  opened[0].works();
  answer = unreachable;
  opened[0].fails();
  opened[0].fails();
  opened[0].fails();
  await pass(4 * POLL_MS);
  assert.equal(opened.length, 1);
  answer = known;
  await pass(POLL_MS);
  assert.equal(opened.length, 2);
  events.close();
});

test("a server that refuses events is asked for them after six polls, not at once", async () => {
  const events = new StreamEvents("/api/streams/x");
  events.open();
  opened[0].works();
  opened[0].isRefused();
  await pass(1_000);
  assert.equal(opened.length, 2);
  opened[1].isRefused();
  await pass(3 * POLL_MS);
  assert.equal(opened.length, 2);
  await pass(5 * POLL_MS);
  assert.equal(opened.length, 3);
  events.close();
});

test("news of the network opens them anew, at most every few seconds", async () => {
  let now = 0;
  const clock = mock.method(performance, "now", () => now);
  const events = new StreamEvents("/api/streams/x");
  events.open();
  events.reopen();
  assert.equal(opened.length, 1);
  now = 10_000;
  events.reopen();
  events.reopen();
  assert.equal(opened.length, 2);
  assert.equal(opened[0].readyState, FakeEventSource.CLOSED);
  events.close();
  now = 20_000;
  events.reopen();
  assert.equal(opened.length, 2);
  clock.mock.restore();
});

/**
 * Which ways to play a browser is offered, by what it can.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { chain } from "../../../audiocast/web/static/live/methods.js";

const ABLE = { AudioDecoder: 1, AudioWorkletNode: 1, ReadableStream: 1 };
const LIVE = { forced: null, mode: /** @type {const} */ ("live"), canPlayElement: true, canPlayHls: false, isAppleTouch: false, scope: ABLE };

test("the quick way first, and the sure one after it", () => {
  assert.deepEqual(chain(LIVE), ["webcodecs", "audio"]);
  assert.deepEqual(chain({ ...LIVE, mode: "stable" }), ["webcodecs", "audio"]);
});

for (const missing of Object.keys(ABLE)) {
  test(`a browser without ${missing} has its element`, () => {
    const scope = Object.fromEntries(Object.entries(ABLE).filter(([name]) => name !== missing));
    assert.deepEqual(chain({ ...LIVE, scope }), ["audio"]);
  });
}

test("an element that knows no Ogg Opus is not asked", () => {
  assert.deepEqual(chain({ ...LIVE, canPlayElement: false }), ["webcodecs"]);
  assert.deepEqual(chain({ ...LIVE, canPlayElement: false, scope: {} }), []);
});

test("steady sound on an iPhone goes on behind a locked screen", () => {
  assert.deepEqual(chain({ ...LIVE, mode: "stable", isAppleTouch: true }), ["audio", "webcodecs"]);
  assert.deepEqual(chain({ ...LIVE, isAppleTouch: true }), ["webcodecs", "audio"]);
});

test("HLS is for those that play nothing better, and for locked screens", () => {
  const hls = { ...LIVE, canPlayHls: true };
  assert.deepEqual(chain(hls), ["webcodecs", "audio", "hls"]);
  assert.deepEqual(chain({ ...hls, canPlayElement: false, scope: {} }), ["hls"]);
  const old = { ...hls, canPlayElement: false, isAppleTouch: true };
  assert.deepEqual(chain({ ...old, mode: "stable" }), ["hls", "webcodecs"]);
  assert.deepEqual(chain({ ...hls, forced: "hls" }), ["hls"]);
  assert.deepEqual(chain({ ...LIVE, forced: "hls" }), []);
});

test("a way that is wished for is the only one", () => {
  assert.deepEqual(chain({ ...LIVE, forced: "audio" }), ["audio"]);
  assert.deepEqual(chain({ ...LIVE, forced: "webcodecs" }), ["webcodecs"]);
  assert.deepEqual(chain({ ...LIVE, forced: "webcodecs", scope: {} }), []);
  assert.deepEqual(chain({ ...LIVE, forced: "flash" }), ["webcodecs", "audio"]);
});

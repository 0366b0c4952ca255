/**
 * Which ways to play a browser is offered, by what it can.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { availableMethods } from "../../../audiocast/web/static/player/live/playback_methods.js";

const ABLE = { AudioDecoder: 1, AudioContext: 1, ReadableStream: 1, WebAssembly: 1, Worker: 1 };
const LIVE = {
  forced: null,
  mode: /** @type {const} */ ("live"),
  hasWasmDecoder: true,
  canPlayElement: true,
  canPlayHls: false,
  isAppleTouch: false,
  isInstalled: false,
  hasAudioSession: false,
  scope: ABLE,
};

test("the quick ways first, and the sure one after them", () => {
  assert.deepEqual(availableMethods(LIVE), ["webcodecs", "wasm", "audio"]);
  assert.deepEqual(availableMethods({ ...LIVE, mode: "stable" }), ["webcodecs", "wasm", "audio"]);
});

for (const [missing, left] of Object.entries({
  AudioDecoder: ["wasm", "audio"],
  WebAssembly: ["webcodecs", "audio"],
  Worker: ["webcodecs", "audio"],
  AudioContext: ["audio"],
  ReadableStream: ["audio"],
})) {
  test(`a browser without ${missing} has ${left.join(" and ")}`, () => {
    const scope = Object.fromEntries(Object.entries(ABLE).filter(([name]) => name !== missing));
    assert.deepEqual(availableMethods({ ...LIVE, scope }), left);
  });
}

test("a server that was built without the decoder offers none", () => {
  assert.deepEqual(availableMethods({ ...LIVE, hasWasmDecoder: false }), ["webcodecs", "audio"]);
  assert.deepEqual(availableMethods({ ...LIVE, hasWasmDecoder: false, forced: "wasm" }), []);
});

test("an element that knows no Ogg Opus is not asked", () => {
  assert.deepEqual(availableMethods({ ...LIVE, canPlayElement: false }), ["webcodecs", "wasm"]);
  assert.deepEqual(availableMethods({ ...LIVE, canPlayElement: false, scope: {} }), []);
});

test("steady sound on an iPhone goes on behind a locked screen", () => {
  assert.deepEqual(availableMethods({ ...LIVE, mode: "stable", isAppleTouch: true }), ["audio", "webcodecs", "wasm"]);
  assert.deepEqual(availableMethods({ ...LIVE, isAppleTouch: true }), ["webcodecs", "wasm", "audio"]);
});

test("HLS is for those that play nothing better, and for locked screens", () => {
  const hls = { ...LIVE, canPlayHls: true };
  assert.deepEqual(availableMethods(hls), ["webcodecs", "wasm", "audio", "hls"]);
  assert.deepEqual(availableMethods({ ...hls, canPlayElement: false, scope: {} }), ["hls"]);
  const old = { ...hls, canPlayElement: false, isAppleTouch: true };
  assert.deepEqual(availableMethods({ ...old, mode: "stable" }), ["hls", "webcodecs", "wasm"]);
  assert.deepEqual(availableMethods({ ...hls, forced: "hls" }), ["hls"]);
  assert.deepEqual(availableMethods({ ...LIVE, forced: "hls" }), []);
});

test("a way that is wished for is the only one", () => {
  for (const name of ["webcodecs", "wasm", "audio"]) {
    assert.deepEqual(availableMethods({ ...LIVE, forced: name }), [name]);
  }
  assert.deepEqual(availableMethods({ ...LIVE, forced: "wasm", scope: {} }), []);
  assert.deepEqual(availableMethods({ ...LIVE, forced: "flash" }), ["webcodecs", "wasm", "audio"]);
});

test("an installed app on an Apple phone prefers an audio context, if that goes on behind a locked screen", () => {
  const phone = { ...LIVE, mode: /** @type {const} */ ("stable"), isAppleTouch: true, canPlayHls: true };
  const [byElement, byContext] = [
    ["audio", "hls", "webcodecs", "wasm"],
    ["webcodecs", "wasm", "audio", "hls"],
  ];
  assert.deepEqual(availableMethods({ ...phone, isInstalled: true, hasAudioSession: true }), byContext);
  assert.deepEqual(availableMethods({ ...phone, isInstalled: true }), byElement);
  assert.deepEqual(availableMethods({ ...phone, hasAudioSession: true }), byElement);
});

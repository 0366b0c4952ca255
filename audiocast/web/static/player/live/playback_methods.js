/**
 * Which ways to play there are, and which of them this browser may try, the best one first.
 *
 * A way that is there may fail all the same; then the player takes the next.
 *
 * @typedef {"webcodecs" | "wasm" | "audio" | "hls"} Name
 * @typedef {"live" | "stable"} ModeName
 */

/** @type {Record<ModeName, import("./live_output.js").Mode>} */
export const MODES = {
  /** In the same room: late by little, and silent for a moment where the network is. */
  live: { prerollSeconds: 0.2, bounds: { startMs: 50, floorMs: 40, ceilingMs: 500 } },
  /** On a train: two seconds of the network's can be missed. */
  stable: { prerollSeconds: 2.2, bounds: { startMs: 2_000, floorMs: 2_000, ceilingMs: 5_000 } },
};

/** @type {Name[]} */
const NAMES = ["webcodecs", "wasm", "audio", "hls"];
/** What a browser needs for each that decodes by itself. Not AudioWorklet: sink.js does without. */
const NEEDS = {
  webcodecs: ["AudioDecoder", "AudioContext", "ReadableStream"],
  wasm: ["WebAssembly", "Worker", "AudioContext", "ReadableStream"],
};

/**
 * @param {object} device
 * @param {string | null} device.forced by `?player=`; what is no name is no wish
 * @param {ModeName} device.mode
 * @param {boolean} device.hasWasmDecoder the server was built with it
 * @param {boolean} device.canPlayElement the audio element takes Ogg Opus
 * @param {boolean} device.canPlayHls it takes HLS with Opus
 * @param {boolean} device.isAppleTouch locked screens stop Web Audio there, and only that
 * @param {object} [device.scope] whose abilities count
 * @returns {Name[]} none: nothing can play here
 */
export function chain({ forced, mode, hasWasmDecoder, canPlayElement, canPlayHls, isAppleTouch, scope = globalThis }) {
  const hasAll = (/** @type {string[]} */ needs) => needs.every((name) => name in scope);
  const has = {
    webcodecs: hasAll(NEEDS.webcodecs),
    wasm: hasWasmDecoder && hasAll(NEEDS.wasm),
    audio: canPlayElement,
    hls: canPlayHls,
  };
  const wish = NAMES.find((name) => name === forced);
  if (wish) {
    return has[wish] ? [wish] : [];
  }
  // Stability on a phone of Apple's means: with the screen locked, too.
  /** @type {Name[]} */
  const order = isAppleTouch && mode === "stable" ? ["audio", "hls", "webcodecs", "wasm"] : NAMES;
  return order.filter((name) => has[name]);
}

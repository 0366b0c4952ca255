/**
 * Which ways to play there are, and which of them this browser may try, the best one first.
 *
 * A way that is there may fail all the same; then the player takes the next.
 *
 * @typedef {"webcodecs" | "audio" | "hls"} Name
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
const NAMES = ["webcodecs", "audio", "hls"];

/**
 * @param {object} device
 * @param {string | null} device.forced by `?player=`; what is no name is no wish
 * @param {ModeName} device.mode
 * @param {boolean} device.canPlayElement the audio element takes Ogg Opus
 * @param {boolean} device.canPlayHls it takes HLS with Opus
 * @param {boolean} device.isAppleTouch locked screens stop Web Audio there, and only that
 * @param {object} [device.scope] whose abilities count
 * @returns {Name[]} none: nothing can play here
 */
export function chain({ forced, mode, canPlayElement, canPlayHls, isAppleTouch, scope = globalThis }) {
  const needed = ["AudioDecoder", "AudioWorkletNode", "ReadableStream"];
  const has = { webcodecs: needed.every((name) => name in scope), audio: canPlayElement, hls: canPlayHls };
  const wish = NAMES.find((name) => name === forced);
  if (wish) {
    return has[wish] ? [wish] : [];
  }
  // Stability on a phone of Apple's means: with the screen locked, too.
  /** @type {Name[]} */
  const order = isAppleTouch && mode === "stable" ? ["audio", "hls", "webcodecs"] : NAMES;
  return order.filter((name) => has[name]);
}

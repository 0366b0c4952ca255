/**
 * The playback methods, and which of them this browser has, the best one first.
 *
 * A method that seems available may fail all the same; then the player uses the next one.
 *
 * @typedef {"webcodecs" | "wasm" | "audio" | "hls"} MethodName
 * @typedef {"live" | "stable"} ModeName
 */

/** @type {Record<ModeName, import("./live_output.js").Mode>} */
export const MODES = {
  /** For listeners in the same room: little delay, and a moment of silence when the network has one. A busy server lets
   *  sound gather for at most half of the aim; with a packet and the margin, 75 ms in hand are enough for that. */
  live: { aimMs: 80, prerollSeconds: 0.2, bounds: { startMs: 50, floorMs: 40, ceilingMs: 500 } },
  /** For listeners on a train: an outage of two seconds is not heard. */
  stable: { aimMs: 2_000, prerollSeconds: 2.2, bounds: { startMs: 2_000, floorMs: 2_000, ceilingMs: 5_000 } },
};

/** @type {MethodName[]} */
const METHOD_NAMES = ["webcodecs", "wasm", "audio", "hls"];
/** APIs that each method with a decoder needs. AudioWorklet is not among them: sink.js works without. */
const NEEDED_APIS = {
  webcodecs: ["AudioDecoder", "AudioContext", "ReadableStream"],
  wasm: ["WebAssembly", "Worker", "AudioContext", "ReadableStream"],
};

/**
 * @param {object} device
 * @param {string | null} device.forced by `?player=`; anything but a name of a method is ignored
 * @param {ModeName} device.mode
 * @param {boolean} device.hasWasmDecoder whether the server was built with it
 * @param {boolean} device.canPlayElement whether the audio element plays Ogg Opus
 * @param {boolean} device.canPlayHls whether the audio element plays HLS with Opus
 * @param {boolean} device.isAppleTouch a locked screen suspends Web Audio there, unless the page has a playback session
 * @param {boolean} device.isInstalled whether the page is shown as an app of its own
 * @param {boolean} device.hasAudioSession whether the page can ask for a playback session
 * @param {object} [device.scope] global object whose APIs count
 * @returns {MethodName[]} empty where this browser cannot play
 */
export function availableMethods({
  forced,
  mode,
  hasWasmDecoder,
  canPlayElement,
  canPlayHls,
  isAppleTouch,
  isInstalled,
  hasAudioSession,
  scope = globalThis,
}) {
  const hasAll = (/** @type {string[]} */ needs) => needs.every((name) => name in scope);
  const isAvailable = {
    webcodecs: hasAll(NEEDED_APIS.webcodecs),
    wasm: hasWasmDecoder && hasAll(NEEDED_APIS.wasm),
    audio: canPlayElement,
    hls: canPlayHls,
  };
  const forcedName = METHOD_NAMES.find((name) => name === forced);
  if (forcedName) {
    return isAvailable[forcedName] ? [forcedName] : [];
  }
  // On an Apple phone, stable playback goes on while the screen is locked. In a tab an element is the surest way to that;
  // an installed app's elements have been silenced (docs/listener-page.md), its audio context is not.
  const isElementSurest = isAppleTouch && mode === "stable" && !(isInstalled && hasAudioSession);
  /** @type {MethodName[]} */
  const order = isElementSurest ? ["audio", "hls", "webcodecs", "wasm"] : METHOD_NAMES;
  return order.filter((name) => isAvailable[name]);
}

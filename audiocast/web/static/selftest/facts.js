/**
 * What the result says of the browser and the device: all that decides how sound is played, and nothing else.
 */

import { IS_INSTALLED } from "../player/device.js";

/**
 * @param {DOMStringMap} pageData what the server has put into the page: `version`, `wasmDecoder`
 * @param {boolean} isOfStream whether a stream is played, and not the page's own tone
 * @returns {[string, string][]} each with its name
 */
export function browserFacts(pageData, isOfStream) {
  const audio = new Audio();
  const session = /** @type {{audioSession?: {type: string, state?: string}}} */ (/** @type {unknown} */ (navigator))
    .audioSession;
  const has = (/** @type {string} */ name) => (name in globalThis ? "yes" : "no");
  const plays = (/** @type {string} */ type) => audio.canPlayType(type) || "no";
  return [
    ["audiocast sound test", `${pageData.version ?? ""}, ${new Date().toISOString()}`],
    ["browser", navigator.userAgent],
    ["shown as", IS_INSTALLED ? "installed app" : "browser tab"],
    ["sound", isOfStream ? "a stream" : "a tone of the page"],
    ["secure context", isSecureContext ? "yes" : "no"],
    ["audio session", session ? [session.type, session.state ?? ""].join(" ").trim() : "no"],
    ["media session", "mediaSession" in navigator ? "yes" : "no"],
    ["AudioDecoder, AudioWorklet", `${has("AudioDecoder")}, ${has("AudioWorkletNode")}`],
    ["WebAssembly, decoder", `${has("WebAssembly")}, ${"wasmDecoder" in pageData ? "yes" : "no"}`],
    ["Ogg Opus, HLS", `${plays("audio/ogg; codecs=opus")}, ${plays("application/vnd.apple.mpegurl")}`],
  ];
}

/**
 * The ways to play that the test tries, and how far the sound of each has come.
 *
 * @typedef {object} Way
 * @property {import("../player/player.js").Output} output
 * @property {() => {soundMs: number, state: string}} look at its clock and at the browser's own state of it
 *
 * @typedef {import("../shared/stream_events.js").StreamState} StreamState
 */

import { HAS_AUDIO_SESSION, IS_APPLE_TOUCH, IS_INSTALLED } from "../player/device.js";
import { ElementOutput } from "../player/element_output.js";
import { HlsOutput, canPlayHls } from "../player/hls_output.js";
import { AudioOutput } from "../player/live/audio_output.js";
import { LiveOutput } from "../player/live/live_output.js";
import { MODES, availableMethods } from "../player/live/playback_methods.js";
import { ToneElementOutput, ToneOutput } from "./tone_outputs.js";

export class Ways {
  /**
   * @param {HTMLAudioElement} audio
   * @param {boolean} hasWasmDecoder whether the server was built with it
   */
  constructor(audio, hasWasmDecoder) {
    this.audio = audio;
    this.hasWasmDecoder = hasWasmDecoder;
    this.audioOutput = new AudioOutput(audio);
  }

  /** @returns {Way[]} to play a tone of the page's own */
  ofTone() {
    const element = new ToneElementOutput(this.audio, "", () => 0);
    return "AudioContext" in globalThis
      ? [this.#byContext(new ToneOutput(this.audioOutput)), this.#byElement(element)]
      : [this.#byElement(element)];
  }

  /**
   * @param {StreamState} stream
   * @returns {Way[]} that this browser has, in the order in which the listener's page would try them
   */
  ofStream(stream) {
    const path = `/stream/${encodeURIComponent(stream.stream_id)}`;
    const burstMs = () => stream.burst_ms ?? stream.page_ms ?? 0;
    const bitrateBps = () => stream.bitrate_bps ?? 0;
    return this.#methods().map((name) => {
      switch (name) {
        case "audio":
          return this.#byElement(new ElementOutput(this.audio, path, bitrateBps));
        case "hls":
          return this.#byElement(new HlsOutput(this.audio, path, bitrateBps));
        default:
          return this.#byContext(new LiveOutput(name, path, MODES.live, this.audioOutput, burstMs));
      }
    });
  }

  #methods() {
    return availableMethods({
      forced: null,
      mode: "live",
      hasWasmDecoder: this.hasWasmDecoder,
      canPlayElement: this.audio.canPlayType("audio/ogg; codecs=opus") !== "",
      canPlayHls: canPlayHls(this.audio),
      isAppleTouch: IS_APPLE_TOUCH,
      isInstalled: IS_INSTALLED,
      hasAudioSession: HAS_AUDIO_SESSION,
    });
  }

  /**
   * @param {LiveOutput | ToneOutput} output
   * @returns {Way}
   */
  #byContext(output) {
    const { audioOutput } = this;
    return {
      output,
      look: () => ({
        soundMs: 1000 * audioOutput.seconds - (output.report?.missingMs ?? 0),
        state: `context ${audioOutput.state}`,
      }),
    };
  }

  /**
   * @param {ElementOutput} output
   * @returns {Way}
   */
  #byElement(output) {
    const { audio } = this;
    return {
      output,
      look: () => ({
        soundMs: 1000 * audio.currentTime,
        state: `element ${audio.paused ? "paused" : "playing"}, readyState ${audio.readyState}`,
      }),
    };
  }
}

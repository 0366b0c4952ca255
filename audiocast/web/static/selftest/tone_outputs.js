/**
 * A tone of the page's own, where there is no stream: by the page's audio context and by an audio element, so that what
 * the system does to either can be tried all the same.
 *
 * Outputs of the player (see player/player.js).
 */

import { ElementOutput } from "../player/element_output.js";
import { NoSoundOutput } from "../player/live/audio_output.js";

const TONE_HZ = 440;
const LEVEL = 0.1;
/** Chrome shows its media controls for sound of more than five seconds. */
const LOOP_SECONDS = 10;
const WAV_RATE = 8_000;
const WAV_HEADER_BYTES = 44;

export class ToneOutput extends EventTarget {
  name = "tone-context";
  report = null;
  usesAudioContext = true;
  reconnections = 0;
  outputMs = 0;
  source = null;
  /** @type {OscillatorNode | null} */
  #tone = null;
  #isPaused = false;

  /** @param {import("../player/live/audio_output.js").AudioOutput} audioOutput */
  constructor(audioOutput) {
    super();
    this.audioOutput = audioOutput;
  }

  canResume() {
    return this.#isPaused;
  }

  start() {
    this.release();
    const { context, input, running } = this.audioOutput.acquire({
      paused: () => this.#onPaused(),
      resumed: () => this.#emit("resumed"),
    });
    const tone = new OscillatorNode(context, { frequency: TONE_HZ });
    const level = new GainNode(context, { gain: LEVEL });
    tone.connect(level).connect(input);
    tone.addEventListener("ended", () => level.disconnect());
    tone.start();
    this.#tone = tone;
    running.then(
      () => this.#tone === tone && this.#emit("playing"),
      (error) => this.#tone === tone && this.#emit(error instanceof NoSoundOutput ? "silent" : "unsupported"),
    );
  }

  pause() {
    this.release();
    this.#isPaused = true;
  }

  release() {
    this.#stop();
    this.audioOutput.release();
  }

  checkConnection() {
    this.audioOutput.resume();
  }

  #stop() {
    this.#tone?.stop();
    this.#tone = null;
    this.#isPaused = false;
  }

  #onPaused() {
    this.#stop();
    this.#isPaused = true;
    this.#emit("paused");
  }

  /** @param {string} event */
  #emit(event) {
    this.dispatchEvent(new Event(event));
  }
}

export class ToneElementOutput extends ElementOutput {
  name = "tone-element";
  #url = "";

  /** @returns {string} of a tone that the element repeats */
  nextUrl() {
    this.#url = this.#url || URL.createObjectURL(new Blob([toneWav()], { type: "audio/wav" }));
    return this.#url;
  }
}

/** A whole number of periods, so that the loop has no seam: https://www.rfc-editor.org/rfc/rfc2361, PCM of 16 bits. */
function toneWav() {
  const samples = LOOP_SECONDS * WAV_RATE;
  const view = new DataView(new ArrayBuffer(WAV_HEADER_BYTES + 2 * samples));
  const text = (/** @type {number} */ at, /** @type {string} */ letters) =>
    [...letters].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, view.byteLength - 8, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true); // bytes of the format
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, WAV_RATE, true);
  view.setUint32(28, 2 * WAV_RATE, true); // bytes a second
  view.setUint16(32, 2, true); // bytes a sample, of all channels
  view.setUint16(34, 16, true); // bits a sample, of one
  text(36, "data");
  view.setUint32(40, 2 * samples, true);
  for (let sample = 0; sample < samples; sample += 1) {
    const value = LEVEL * Math.sin((2 * Math.PI * TONE_HZ * sample) / WAV_RATE);
    view.setInt16(WAV_HEADER_BYTES + 2 * sample, 32_767 * value, true);
  }
  return view.buffer;
}

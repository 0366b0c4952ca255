/**
 * Captures the sound that is broadcast: a microphone or a tab, through a gain and the limiter, in frames of 20 ms.
 *
 * Owns the audio context and the tracks. After the first input, frames are fired until `close`, with silence while there
 * is no input, so that a change of the microphone does not end the broadcast.
 *
 * @typedef {"voice" | "music"} Preset what a browser may do to the sound of a microphone
 *
 * @typedef {object} Report what limiter_worklet.js says of the last moment
 * @property {number[]} peaks true peaks of left and right before the limiter, 1 for full scale
 * @property {number} gain the lowest gain of the limiter, 1 while it does nothing
 * @property {number} momentary loudness after the limiter, LUFS; the other two likewise
 * @property {number} shortTerm
 * @property {number} integrated
 */

import { SAMPLE_RATE } from "../shared/sample_rate.js";

const FRAMES_PER_SECOND = 50;
const RAMP_SECONDS = 0.02;

/** The processing that browsers apply to voices in calls; it would spoil music, and adds delay. */
const PROCESSED = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const UNPROCESSED = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

/** A tab was shared without its audio: the box in the browser's dialog was not ticked. */
export class NoAudioShared extends Error {}

/**
 * Fires "frame" (a CustomEvent whose detail is the left samples and then the right ones), "level" (whose detail is a Report), and "input" when the input was changed or is gone.
 */
export class AudioCapture extends EventTarget {
  /** @type {"" | "microphone" | "tab"} kind of the input; empty without one */
  kind = "";
  /** The id of the microphone. */
  deviceId = "";
  /** For the next microphone that is opened. @type {Preset} */
  preset = "music";
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {GainNode | null} */
  #gain = null;
  /** @type {AudioWorkletNode | null} */
  #limiter = null;
  /** @type {MediaStreamAudioSourceNode | null} */
  #input = null;
  #gainFactor = 1;
  #isMuted = false;
  /** @type {MediaStreamAudioDestinationNode | null} */
  #recorded = null;

  /** Whether this browser can share a tab; phones cannot. */
  static get hasTabs() {
    return typeof navigator.mediaDevices?.getDisplayMedia === "function";
  }

  /**
   * @param {string} [deviceId] of the microphone; the default one without it
   * @throws {DOMException} the user or the system said no
   */
  async useMicrophone(deviceId = "") {
    const device = deviceId ? { deviceId: { exact: deviceId } } : {};
    const processing = this.preset === "voice" ? PROCESSED : UNPROCESSED;
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { ...processing, channelCount: 2, ...device } });
    await this.#setInput("microphone", stream);
    this.deviceId = stream.getAudioTracks()[0].getSettings().deviceId ?? deviceId;
  }

  /**
   * @throws {DOMException} the user said no
   * @throws {NoAudioShared} the tab was shared without its audio
   */
  async useTab() {
    // Browsers share video too: as little of it as possible.
    const stream = await navigator.mediaDevices.getDisplayMedia({
      audio: UNPROCESSED,
      video: { width: 16, height: 16, frameRate: 1 },
    });
    if (stream.getAudioTracks().length === 0) {
      release(stream);
      throw new NoAudioShared();
    }
    await this.#setInput("tab", stream);
  }

  /** @param {number} decibels -Infinity for silence */
  setGain(decibels) {
    this.#gainFactor = 10 ** (decibels / 20);
    this.#applyGain();
  }

  /** @param {boolean} isMuted frames go on, with silence */
  setMuted(isMuted) {
    this.#isMuted = isMuted;
    this.#applyGain();
  }

  get sampleRate() {
    return this.#context?.sampleRate ?? SAMPLE_RATE;
  }

  /** Begin to measure the loudness of a show. */
  restartLoudness() {
    this.#limiter?.port.postMessage(null);
  }

  /** @returns {MediaStream} the same sound for a MediaRecorder */
  toStream() {
    const { context, limiter } = this.#running();
    if (!this.#recorded) {
      this.#recorded = context.createMediaStreamDestination();
      limiter.connect(this.#recorded);
    }
    return this.#recorded.stream;
  }

  /** Resume the context, which phones suspend for a call and do not resume. */
  async resume() {
    if (this.#context && this.#context.state !== "running") {
      await this.#context.resume();
    }
  }

  /** Release the input and the audio context. */
  async close() {
    this.#dropInput();
    const context = this.#context;
    this.#context = this.#gain = this.#limiter = this.#recorded = null;
    this.dispatchEvent(new Event("input"));
    await context?.close();
  }

  /**
   * @param {"microphone" | "tab"} kind
   * @param {MediaStream} stream
   */
  async #setInput(kind, stream) {
    try {
      await this.#open();
    } catch (error) {
      release(stream);
      throw error;
    }
    this.#dropInput();
    const { context, gain } = this.#running();
    this.#input = context.createMediaStreamSource(stream);
    this.#input.connect(gain);
    this.kind = kind;
    this.deviceId = "";
    const input = this.#input;
    for (const track of stream.getTracks()) {
      track.addEventListener("ended", () => this.#onEnded(input));
    }
    this.dispatchEvent(new Event("input"));
  }

  async #open() {
    if (!this.#context) {
      const context = new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: "interactive" });
      await context.audioWorklet.addModule(new URL("./limiter_worklet.js", import.meta.url));
      await context.audioWorklet.addModule(new URL("./frames_worklet.js", import.meta.url));
      const stereo = /** @type {const} */ ({ channelCount: 2, channelCountMode: "explicit" });
      const limiter = new AudioWorkletNode(context, "limiter", { ...stereo, outputChannelCount: [2] });
      limiter.port.onmessage = ({ data }) => this.dispatchEvent(new CustomEvent("level", { detail: data }));
      const frames = new AudioWorkletNode(context, "frames", {
        ...stereo,
        processorOptions: { frameSamples: context.sampleRate / FRAMES_PER_SECOND },
      });
      frames.port.onmessage = ({ data }) => this.dispatchEvent(new CustomEvent("frame", { detail: data }));
      this.#gain = new GainNode(context, { gain: this.#heardFactor, ...stereo });
      this.#gain.connect(limiter).connect(frames);
      // Some browsers run only nodes that lead to the destination.
      frames.connect(context.destination);
      this.#limiter = limiter;
      this.#context = context;
    }
    await this.resume();
  }

  get #heardFactor() {
    return this.#isMuted ? 0 : this.#gainFactor;
  }

  #applyGain() {
    if (this.#context && this.#gain) {
      // A jump would click.
      this.#gain.gain.setTargetAtTime(this.#heardFactor, this.#context.currentTime, RAMP_SECONDS);
    }
  }

  #running() {
    if (!this.#context || !this.#gain || !this.#limiter) {
      throw new Error("expected an input before this");
    }
    return { context: this.#context, gain: this.#gain, limiter: this.#limiter };
  }

  /** @param {MediaStreamAudioSourceNode} input one of its tracks has ended */
  #onEnded(input) {
    if (input === this.#input) {
      this.#dropInput();
      this.dispatchEvent(new Event("input"));
    }
  }

  #dropInput() {
    const input = this.#input;
    this.#input = null;
    this.kind = "";
    input?.disconnect();
    release(input?.mediaStream);
  }
}

/** @param {MediaStream | undefined} stream */
function release(stream) {
  for (const track of stream?.getTracks() ?? []) {
    track.stop();
  }
}

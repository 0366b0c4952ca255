/**
 * The sound that is broadcast: a microphone or a tab, through a gain, in frames of 20 ms.
 *
 * Owns the audio context and the tracks. Once begun, frames come for as long as the page wants them, with silence
 * while there is no input, so that a change of the microphone is no end of the broadcast.
 *
 * @typedef {{samples: Float32Array<ArrayBuffer>, peak: number}} Frame left samples, then right ones; peak from 0 on
 */

import { SAMPLE_RATE } from "../shared/sample_rate.js";

const FRAMES_A_SECOND = 50;
const RAMP_SECONDS = 0.02;

/** What browsers do to voices in calls would spoil music, and costs delay. */
const AS_IT_IS = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

/** Sound was shared without any sound in it: the box in the browser's own dialog was not ticked. */
export class NothingShared extends Error {}

/** Fires "frame" (a CustomEvent whose detail is a Frame), and "input" when it was changed or is gone. */
export class Sound extends EventTarget {
  /** @type {"" | "microphone" | "tab"} where the sound comes from; empty: from nowhere */
  kind = "";
  /** The id of the microphone. */
  deviceId = "";
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {GainNode | null} */
  #gain = null;
  /** @type {MediaStreamAudioSourceNode | null} */
  #input = null;
  #gainFactor = 1;
  /** @type {MediaStreamAudioDestinationNode | null} */
  #recorded = null;

  /** Whether tabs can be chosen here; phones have no such thing. */
  static get hasTabs() {
    return typeof navigator.mediaDevices?.getDisplayMedia === "function";
  }

  /**
   * @param {string} [deviceId] the microphone; else the usual one
   * @throws {DOMException} the user or the system said no
   */
  async useMicrophone(deviceId = "") {
    const device = deviceId ? { deviceId: { exact: deviceId } } : {};
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { ...AS_IT_IS, channelCount: 2, ...device } });
    await this.#use("microphone", stream);
    this.deviceId = stream.getAudioTracks()[0].getSettings().deviceId ?? deviceId;
  }

  /**
   * @throws {DOMException} the user said no
   * @throws {NothingShared} there is no sound in what was chosen
   */
  async useTab() {
    // A picture is shared whether one wants it or not: as little of it as there is.
    const stream = await navigator.mediaDevices.getDisplayMedia({
      audio: AS_IT_IS,
      video: { width: 16, height: 16, frameRate: 1 },
    });
    if (stream.getAudioTracks().length === 0) {
      release(stream);
      throw new NothingShared();
    }
    await this.#use("tab", stream);
  }

  /** @param {number} decibels -Infinity for silence */
  setGain(decibels) {
    this.#gainFactor = 10 ** (decibels / 20);
    if (this.#context && this.#gain) {
      // Not at once, which would click.
      this.#gain.gain.setTargetAtTime(this.#gainFactor, this.#context.currentTime, RAMP_SECONDS);
    }
  }

  get sampleRateHz() {
    return this.#context?.sampleRate ?? SAMPLE_RATE;
  }

  /** @returns {MediaStream} the same sound for a MediaRecorder */
  toStream() {
    const { context, gain } = this.#running();
    if (!this.#recorded) {
      this.#recorded = context.createMediaStreamDestination();
      gain.connect(this.#recorded);
    }
    return this.#recorded.stream;
  }

  /** Phones suspend a page's audio for a call, and leave it so. */
  async wake() {
    if (this.#context && this.#context.state !== "running") {
      await this.#context.resume();
    }
  }

  /** Let go of the microphone and of everything. */
  async close() {
    this.#drop();
    const context = this.#context;
    this.#context = this.#gain = this.#recorded = null;
    this.dispatchEvent(new Event("input"));
    await context?.close();
  }

  /**
   * @param {"microphone" | "tab"} kind
   * @param {MediaStream} stream
   */
  async #use(kind, stream) {
    try {
      await this.#begin();
    } catch (error) {
      release(stream);
      throw error;
    }
    this.#drop();
    const { context, gain } = this.#running();
    this.#input = context.createMediaStreamSource(stream);
    this.#input.connect(gain);
    this.kind = kind;
    this.deviceId = "";
    const input = this.#input;
    for (const track of stream.getTracks()) {
      track.addEventListener("ended", () => this.#lose(input));
    }
    this.dispatchEvent(new Event("input"));
  }

  async #begin() {
    if (!this.#context) {
      const context = new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: "interactive" });
      await context.audioWorklet.addModule(new URL("./frames_worklet.js", import.meta.url));
      const frames = new AudioWorkletNode(context, "frames", {
        channelCount: 2,
        channelCountMode: "explicit",
        processorOptions: { frameSamples: context.sampleRate / FRAMES_A_SECOND },
      });
      frames.port.onmessage = ({ data }) => this.dispatchEvent(new CustomEvent("frame", { detail: data }));
      this.#gain = new GainNode(context, { gain: this.#gainFactor, channelCount: 2, channelCountMode: "explicit" });
      this.#gain.connect(frames);
      // Some browsers run only what leads to the loudspeakers.
      frames.connect(context.destination);
      this.#context = context;
    }
    await this.wake();
  }

  #running() {
    if (!this.#context || !this.#gain) {
      throw new Error("expected an input before this");
    }
    return { context: this.#context, gain: this.#gain };
  }

  /** @param {MediaStreamAudioSourceNode} input that has ended by itself */
  #lose(input) {
    if (input === this.#input) {
      this.#drop();
      this.dispatchEvent(new Event("input"));
    }
  }

  #drop() {
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

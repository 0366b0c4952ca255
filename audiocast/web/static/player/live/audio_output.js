/**
 * The page's way to the loudspeaker: its one audio context, and the volume.
 *
 * Made in the first click and kept: a context that was made in one may go on without another. All ways to play that
 * decode by themselves sound through it, one at a time. Knows nothing of what sounds.
 */

import { SAMPLE_RATE } from "../../shared/sample_rate.js";

/** A context that does not run by then never will: no sound card, or no permission. */
const STARTS_WITHIN_MS = 5_000;
/** Firefox (ESR 153, PulseAudio) hangs at times when it is asked for its output's latency, and the page with it: one
 *  question in ten, however long the output has run. */
const MAY_BE_ASKED = !/\bGecko\/\d/.test(globalThis.navigator?.userAgent ?? "");
/** The fade of what has ended needs a context that runs. */
const SUSPEND_AFTER_MS = 500;

export class Loudspeaker {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {GainNode | null} */
  #volume = null;
  #isInUse = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer = undefined;

  /** @param {HTMLAudioElement} audio whose volume is the listener's wish */
  constructor(audio) {
    this.audio = audio;
    audio.addEventListener("volumechange", () => this.#setVolume());
  }

  /** Where to connect what sounds, and what the spectrum may look at; null before the first use. */
  get input() {
    return this.#volume;
  }

  /** From here to the ear, as the browser says it; 0 where it does not, or must not be asked. */
  get outputMs() {
    return MAY_BE_ASKED ? 1000 * (this.#context?.outputLatency || 0) : 0;
  }

  /**
   * Take it into use. Call it from a click, as browsers want.
   *
   * @returns {{context: AudioContext, input: GainNode, running: Promise<void>}} `running` fails where it never will
   */
  use() {
    clearTimeout(this.#timer);
    this.#isInUse = true;
    const context = this.#context ?? this.#open();
    return { context, input: /** @type {GainNode} */ (this.#volume), running: running(context) };
  }

  /** Nothing sounds any more. */
  rest() {
    this.#isInUse = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#context?.suspend(), SUSPEND_AFTER_MS);
  }

  /** A call or a locked screen stops a context; the system lets it go on when that is over. */
  wake() {
    if (this.#isInUse && this.#context?.state !== "running") {
      this.#context?.resume().catch(() => {}); // refused: the next click asks again
    }
  }

  #open() {
    const context = new AudioContext({ latencyHint: "interactive", sampleRate: SAMPLE_RATE });
    context.addEventListener("statechange", () => this.wake());
    this.#volume = context.createGain();
    this.#volume.connect(context.destination);
    this.#context = context;
    this.#setVolume();
    return context;
  }

  #setVolume() {
    if (this.#volume) {
      this.#volume.gain.value = this.audio.muted ? 0 : this.audio.volume;
    }
  }
}

/** @param {AudioContext} context */
async function running(context) {
  const tooLate = new Promise((_, reject) => {
    const message = `expected the audio context to run within ${STARTS_WITHIN_MS} ms, it is ${context.state}`;
    setTimeout(() => reject(new Error(message)), STARTS_WITHIN_MS);
  });
  await Promise.race([context.resume(), tooLate]);
}

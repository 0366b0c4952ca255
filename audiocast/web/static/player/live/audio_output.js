/**
 * The page's one audio context, and its volume.
 *
 * The context is made in the first click and kept: browsers let a context that was made in a click go on without
 * another one. All methods that decode in the page play through it, one at a time. Knows nothing of what is played.
 */

import { SAMPLE_RATE } from "../../shared/sample_rate.js";

/** A context that does not run by then, though a click has asked for it, never will: there is no sound output. */
const STARTS_WITHIN_MS = 5_000;
/** Firefox (ESR 153, PulseAudio) hangs, and the page with it, in one of ten reads of `outputLatency`, however long the
 *  output has run. */
const CAN_ASK_LATENCY = !/\bGecko\/\d/.test(globalThis.navigator?.userAgent ?? "");
/** A session that was closed fades out, for which the context must still run. */
const SUSPEND_AFTER_MS = 500;

/** WebKit gives an audio context the lock screen's buttons, which suspend it and make it run again (AudioContext.cpp,
 *  didReceiveRemoteControlCommand). In other browsers nobody but the page suspends it for a person. */
const hasSystemButtons = () => "audioSession" in (globalThis.navigator ?? {});

/**
 * Who plays through the context now.
 *
 * @typedef {object} User
 * @property {() => void} paused the system's button has paused the sound
 * @property {() => void} resumed the system's button wants it back
 */

/** The audio context never runs, as where there is neither a loudspeaker nor anything else to play to. */
export class NoSoundOutput extends Error {}

export class AudioOutput {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {GainNode | null} */
  #volume = null;
  /** @type {User | null} */
  #user = null;
  /** Whether the context has run for this user, and was not interrupted since. */
  #hasRun = false;
  #isPaused = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer = undefined;

  /** @param {HTMLAudioElement} audio whose volume the listener sets */
  constructor(audio) {
    this.audio = audio;
    audio.addEventListener("volumechange", () => this.#setVolume());
  }

  /** The node to connect a source to, which the spectrum also analyses; null before the first use. */
  get input() {
    return this.#volume;
  }

  /** Delay from here to the loudspeaker, as the browser reports it; 0 where that is unknown or must not be read. */
  get outputMs() {
    return CAN_ASK_LATENCY ? 1000 * (this.#context?.outputLatency || 0) : 0;
  }

  /** Whether what is played can be heard: calls and locked screens suspend the context. */
  get isRunning() {
    return this.#context?.state === "running";
  }

  /** How long the context has run, by its own clock, which stands still while nothing can be heard. */
  get seconds() {
    return this.#context?.currentTime ?? 0;
  }

  /** What the browser calls the state of the context; "" before the first use. */
  get state() {
    return this.#context?.state ?? "";
  }

  /**
   * Make the context run. Browsers allow that in a click.
   *
   * @param {User} user until `release`
   * @returns {{context: AudioContext, input: GainNode, running: Promise<void>}} `running` rejects with
   *   `NoSoundOutput` where the context never runs
   */
  acquire(user) {
    clearTimeout(this.#timer);
    this.#forget();
    this.#user = user;
    const context = this.#context ?? this.#open();
    const started = running(context).then(() => {
      this.#hasRun = this.#hasRun || this.#user === user;
    });
    return { context, input: /** @type {GainNode} */ (this.#volume), running: started };
  }

  /** Nothing is played any more: suspend the context. */
  release() {
    this.#forget();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#context?.suspend(), SUSPEND_AFTER_MS);
  }

  /** Resume a context that a call or a locked screen has suspended, once the system allows it. */
  resume() {
    if (this.#user && !this.#isPaused && this.#context?.state !== "running") {
      this.#context?.resume().catch(() => {}); // refused: the next click asks again
    }
  }

  #open() {
    const context = new AudioContext({ latencyHint: "interactive", sampleRate: SAMPLE_RATE });
    context.addEventListener("statechange", () => this.#onState());
    this.#volume = context.createGain();
    this.#volume.connect(context.destination);
    this.#context = context;
    this.#setVolume();
    return context;
  }

  #forget() {
    this.#user = null;
    this.#hasRun = this.#isPaused = false;
  }

  #onState() {
    const { state } = this;
    if (hasSystemButtons() && state === "suspended" && this.#hasRun) {
      this.#hasRun = false;
      this.#isPaused = true;
      this.#user?.paused();
    } else if (state === "running" && this.#isPaused) {
      this.#isPaused = false;
      this.#hasRun = true;
      this.#user?.resumed();
    } else {
      // After a call or a locked screen WebKit goes from "interrupted" to "suspended", which is no wish of anybody's.
      this.#hasRun = state === "running" && this.#user !== null;
      this.resume();
    }
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
    setTimeout(() => reject(new NoSoundOutput(message)), STARTS_WITHIN_MS);
  });
  await Promise.race([context.resume(), tooLate]);
}

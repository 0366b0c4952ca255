/**
 * Sound of one stream by a decoder of our own, a tenth of a second behind the source.
 *
 * An output of the player (player.js says what that is). Owns the audio context and the volume; a session is what
 * sounds in it. What it cannot do it says with "unable"; it tries nothing else.
 */

import { SAMPLE_RATE } from "./opus.js";
import { Session } from "./session.js";

/** A context that does not run by then never will: no sound card, or no permission. */
const CONTEXT_STARTS_WITHIN_MS = 5_000;
/** Firefox ESR 153 hangs, and the page with it, when it is asked for its output's latency as the output begins. */
const OUTPUT_KNOWN_AFTER_SECONDS = 2;
/** Nothing in hand for so long is worth telling; less is heard and over. */
const HUNGRY_AFTER_MS = 500;
/** Lost connections are made again here for so long; then it is the player's turn, which is more patient. */
const GIVE_UP_AFTER_MS = 8_000;
/** The fade of what has ended needs a context that runs. */
const SUSPEND_AFTER_MS = 500;
/** What the modes are made for; of a source that sends more at a time as much more has to be in hand from the start. */
const USUAL_PAGE_MS = 20;

/**
 * @typedef {object} Mode
 * @property {number} prerollSeconds what the server sends at once
 * @property {import("./delay_target.js").Bounds} bounds
 */

export class LiveOutput extends EventTarget {
  name = "webcodecs";
  /** @type {import("./jitter_buffer.js").Report | null} */
  report = null;
  /** Kept from the first start on: a context that was made in a click may go on without another. */
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {GainNode | null} */
  #volume = null;
  /** @type {Session | null} */
  #session = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer = undefined;
  #lostAt = Infinity;
  #hungryAt = Infinity;
  #isOver = false;
  #isSounding = false;
  #isPaused = false;

  /**
   * @param {string} streamPath `/stream/{id}` on this origin
   * @param {Mode} mode
   * @param {HTMLAudioElement} audio whose volume is the listener's wish; it plays nothing
   * @param {() => number} pageMs how much sound the source sends at a time, 0 while unknown
   */
  constructor(streamPath, mode, audio, pageMs) {
    super();
    this.streamPath = streamPath;
    this.mode = mode;
    this.audio = audio;
    this.pageMs = pageMs;
    audio.addEventListener("volumechange", () => this.#setVolume());
  }

  /** What the spectrum may look at; null before the first sound. */
  get source() {
    return this.#volume;
  }

  /** From the buffer to the loudspeaker, as the browser says it once it knows. */
  get outputMs() {
    const context = this.#context;
    return context && context.currentTime > OUTPUT_KNOWN_AFTER_SECONDS ? 1000 * (context.outputLatency || 0) : 0;
  }

  /** Lost connections so far. */
  get reconnections() {
    return this.#session?.reconnections ?? 0;
  }

  /** Whether the system's play button can begin anew: after a pause it can, the context is kept. */
  isHeld() {
    return this.#isPaused;
  }

  start() {
    this.release();
    clearTimeout(this.#timer);
    try {
      this.#listen(this.#context ?? this.#open());
    } catch (error) {
      this.#fail(error); // no context, or none of 48 kHz
    }
  }

  /** @param {AudioContext} context */
  #listen(context) {
    const { bounds } = this.mode;
    const session = new Session(
      context,
      /** @type {GainNode} */ (this.#volume),
      (connection) => this.#address(connection),
      { ...bounds, startMs: bounds.startMs + this.#excessMs() },
      {
        report: (report) => this.#hear(report),
        arrived: () => {
          this.#lostAt = Infinity;
        },
        lost: (isOver) => this.#lost(isOver),
        fail: (error) => this.#fail(error),
      },
    );
    this.#session = session;
    running(context).catch((error) => session === this.#session && this.#fail(error));
  }

  pause() {
    this.release();
    this.#isPaused = true;
  }

  release() {
    this.#session?.close();
    this.#session = this.report = null;
    this.#isSounding = this.#isOver = this.#isPaused = false;
    this.#lostAt = this.#hungryAt = Infinity;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#context?.suspend(), SUSPEND_AFTER_MS);
  }

  /** The tab or the network is back. */
  suspect() {
    this.#session?.suspect();
    this.#wake();
  }

  #wake() {
    if (this.#session && this.#context?.state !== "running") {
      this.#context?.resume().catch(() => {}); // refused: the next click asks again
    }
  }

  #open() {
    const context = new AudioContext({ latencyHint: "interactive", sampleRate: SAMPLE_RATE });
    // A call or a locked screen stops it; the system lets it go on when that is over.
    context.addEventListener("statechange", () => this.#wake());
    this.#volume = context.createGain();
    this.#volume.connect(context.destination);
    this.#context = context;
    this.#setVolume();
    return context;
  }

  /** @param {number} connection */
  #address(connection) {
    // Numbered, so that no cache answers with sound from before.
    const unique = `${Date.now().toString(36)}-${connection}`;
    const prerollSeconds = this.mode.prerollSeconds + this.#excessMs() / 1000;
    return `${this.streamPath}?latency=low&preroll=${prerollSeconds}&t=${unique}`;
  }

  #excessMs() {
    return Math.max(0, this.pageMs() - USUAL_PAGE_MS);
  }

  /** @param {import("./jitter_buffer.js").Report} report */
  #hear(report) {
    this.report = report;
    const now = performance.now();
    if (report.isPlaying) {
      this.#hungryAt = Infinity;
      this.#tell(true);
    } else if (this.#isOver) {
      this.dispatchEvent(new Event("lost"));
      return;
    } else {
      this.#hungryAt = Math.min(this.#hungryAt, now + HUNGRY_AFTER_MS);
      if (now >= this.#hungryAt) {
        this.#tell(false);
      }
    }
    this.dispatchEvent(new Event("report"));
  }

  /** @param {boolean} isOver what is in hand may still be heard */
  #lost(isOver) {
    this.#isOver = isOver;
    const now = performance.now();
    this.#lostAt = Math.min(this.#lostAt, now);
    if (isOver ? !this.report?.isPlaying : now - this.#lostAt > GIVE_UP_AFTER_MS) {
      this.dispatchEvent(new Event("lost"));
    }
  }

  /** @param {boolean} isSounding */
  #tell(isSounding) {
    if (isSounding !== this.#isSounding) {
      this.#isSounding = isSounding;
      this.dispatchEvent(new Event(isSounding ? "sound" : "hungry"));
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    console.warn(`audiocast: ${this.name} cannot play here:`, error);
    this.release();
    this.dispatchEvent(new Event("unable"));
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
    const message = `expected the audio context to run within ${CONTEXT_STARTS_WITHIN_MS} ms, it is ${context.state}`;
    setTimeout(() => reject(new Error(message)), CONTEXT_STARTS_WITHIN_MS);
  });
  await Promise.race([context.resume(), tooLate]);
}

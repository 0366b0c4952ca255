/**
 * Plays a stream by a decoder in the page, a tenth of a second behind the source.
 *
 * An output of the player (see player.js). A session plays, through the page's audio output. Where the browser cannot do
 * that, the output fires "unsupported" and tries nothing else; where the page's audio never runs, the output fires
 * "silent".
 */

import { NoSoundOutput } from "./audio_output.js";
import { LONGEST_MS, burstExcessMs } from "./buffer/aim.js";
import { Watchdog } from "./watchdog.js";

/** Fetched beside the page and not before it: only a listener needs the module, and a phone waits for each one. */
const sessionModule = import("./session.js");
sessionModule.catch(() => {}); // `#open` reports it

/** An underrun is reported after this time; a shorter one is over before a person has read of it. */
const WAITING_AFTER_MS = 500;
/** The session reconnects for this long; then the player retries, at longer intervals. */
const GIVE_UP_AFTER_MS = 8_000;

/**
 * @typedef {object} Mode
 * @property {number} aimMs the delay that the server is told of, so that it knows how long sound may gather
 * @property {number} prerollSeconds length of the backlog that the server sends at once
 * @property {import("./buffer/delay_target.js").Bounds} bounds
 */

export class LiveOutput extends EventTarget {
  /** @type {import("./buffer/jitter_buffer.js").Report | null} */
  report = null;
  usesAudioContext = true;
  /** @type {import("./session.js").PlaybackSession | null} */
  #session = null;
  /** Number of starts and releases so far: a session that opens for an older one is not used. */
  #generation = 0;
  #lostAt = Infinity;
  #waitingAt = Infinity;
  #isOver = false;
  #isPlaying = false;
  #isPaused = false;
  /** What the session has been told of the source. */
  #expectedMs = 0;
  #watchdog = new Watchdog();

  /**
   * @param {import("./decoder.js").EngineName} name of the decoder
   * @param {string} streamPath `/stream/{id}` on this origin
   * @param {Mode} mode
   * @param {import("./audio_output.js").AudioOutput} audioOutput
   * @param {() => number} burstMs how much sound the source sends at once, 0 while unknown
   */
  constructor(name, streamPath, mode, audioOutput, burstMs) {
    super();
    this.name = name;
    this.streamPath = streamPath;
    this.mode = mode;
    this.audioOutput = audioOutput;
    this.burstMs = burstMs;
  }

  /** The node that the spectrum analyses; null before the first sound. */
  get source() {
    return this.audioOutput.input;
  }

  /** Delay from the buffer to the loudspeaker, as far as it is known. */
  get outputMs() {
    return this.audioOutput.outputMs;
  }

  /** Number of lost connections so far. */
  get reconnections() {
    return this.#session?.reconnections ?? 0;
  }

  /** Whether the system's play button can start the output again: after a pause, since the context is kept. */
  canResume() {
    return this.#isPaused;
  }

  start() {
    this.release();
    const generation = this.#generation;
    this.#open().catch((error) => generation === this.#generation && this.#onFailed(error));
  }

  pause() {
    this.release();
    this.#isPaused = true;
  }

  release() {
    this.#closeSession();
    this.audioOutput.release();
  }

  /** The tab or the network is back: the audio context may be suspended, and the connection dead. */
  checkConnection() {
    this.#session?.checkConnection();
    this.audioOutput.resume();
  }

  #closeSession() {
    this.#generation += 1;
    this.#session?.close();
    this.#session = this.report = null;
    this.#isPlaying = this.#isOver = this.#isPaused = false;
    this.#lostAt = this.#waitingAt = Infinity;
    this.#watchdog.heard();
  }

  async #open() {
    const generation = this.#generation;
    // Within the click.
    const { context, input, running } = this.audioOutput.acquire({
      paused: () => this.#onPaused(),
      resumed: () => this.dispatchEvent(new Event("resumed")),
    });
    const opened = sessionModule.then(({ PlaybackSession }) => {
      if (generation === this.#generation) {
        this.#session = this.#newSession(PlaybackSession, context, input);
      }
    });
    await Promise.all([running, opened]);
  }

  /**
   * @param {typeof import("./session.js").PlaybackSession} PlaybackSession
   * @param {AudioContext} context
   * @param {AudioNode} input
   */
  #newSession(PlaybackSession, context, input) {
    this.#expectedMs = this.burstMs();
    return new PlaybackSession(
      context,
      input,
      this.name,
      (connection) => this.#url(connection),
      { ...this.mode.bounds, burstMs: this.#expectedMs },
      {
        report: (report) => this.#onReport(report),
        arrived: () => {
          this.#lostAt = Infinity;
        },
        decoding: (soundMs) => this.#watch(soundMs),
        lost: (isOver) => this.#onLost(isOver),
        failed: (error) => this.#onFailed(error),
      },
    );
  }

  /** @param {number} connection */
  #url(connection) {
    // Unique, so that no cache answers with old sound.
    const unique = `${Date.now().toString(36)}-${connection}`;
    const prerollSeconds = this.mode.prerollSeconds + burstExcessMs(this.burstMs()) / 1000;
    return `${this.streamPath}?latency=${this.mode.aimMs}&preroll=${prerollSeconds}&t=${unique}`;
  }

  /** By the system, which still holds the context: only while the page keeps it does the system's play button work. */
  #onPaused() {
    this.#closeSession();
    this.#isPaused = true;
    this.dispatchEvent(new Event("paused"));
  }

  /** How much sound the buffer waits for at first. */
  get #startMs() {
    return Math.min(LONGEST_MS, this.mode.bounds.startMs + burstExcessMs(this.burstMs()));
  }

  /** @param {import("./buffer/jitter_buffer.js").Report} report */
  #onReport(report) {
    this.report = report;
    this.#tellBursts();
    const now = performance.now();
    if (report.isPlaying) {
      this.#waitingAt = Infinity;
      this.#watchdog.heard();
      this.#setPlaying(true);
    } else if (this.#isOver) {
      this.dispatchEvent(new Event("lost"));
      return;
    } else {
      this.#waitingAt = Math.min(this.#waitingAt, now + WAITING_AFTER_MS);
      if (now >= this.#waitingAt) {
        this.#setPlaying(false);
      }
      this.#watch(0);
    }
    this.dispatchEvent(new Event("report"));
  }

  /** The server may find out about a source while it is heard. */
  #tellBursts() {
    const burstMs = this.burstMs();
    if (burstMs !== this.#expectedMs) {
      this.#expectedMs = burstMs;
      this.#session?.expect(burstMs);
    }
  }

  /** @param {number} soundMs how much sound came, which should soon be heard */
  #watch(soundMs) {
    const now = performance.now();
    if (!this.audioOutput.isRunning) {
      this.#watchdog.heard(); // a call or a locked screen has suspended the context: nothing can be heard
      return;
    }
    if (this.#watchdog.isSilent(now, soundMs, this.report?.targetMs ?? this.#startMs)) {
      this.#onFailed(new Error("expected sound, heard none of three seconds of packets"));
    }
  }

  /** @param {boolean} isOver the stream is over; the buffered sound is still played */
  #onLost(isOver) {
    this.#isOver = isOver;
    const now = performance.now();
    this.#lostAt = Math.min(this.#lostAt, now);
    if (isOver ? !this.report?.isPlaying : now - this.#lostAt > GIVE_UP_AFTER_MS) {
      this.dispatchEvent(new Event("lost"));
    }
  }

  /** @param {boolean} isPlaying */
  #setPlaying(isPlaying) {
    if (isPlaying !== this.#isPlaying) {
      this.#isPlaying = isPlaying;
      this.dispatchEvent(new Event(isPlaying ? "playing" : "waiting"));
    }
  }

  /** @param {unknown} error */
  #onFailed(error) {
    console.warn(`audiocast: ${this.name} cannot play here:`, error);
    this.release();
    this.dispatchEvent(new Event(error instanceof NoSoundOutput ? "silent" : "unsupported"));
  }
}

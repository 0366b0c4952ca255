/**
 * Sound of one stream by a decoder of our own, a tenth of a second behind the source.
 *
 * An output of the player (player.js says what that is). A session is what sounds, through the page's loudspeaker. What
 * it cannot do it says with "unable"; it tries nothing else.
 */

/** Fetched beside the page and not before it: only who listens needs it, and a phone has to wait for each module. */
const sessionModule = import("./session.js");
sessionModule.catch(() => {}); // whoever wants one is told

/** Nothing in hand for so long is worth telling; less is heard and over. */
const HUNGRY_AFTER_MS = 500;
/** Lost connections are made again here for so long; then it is the player's turn, which is more patient. */
const GIVE_UP_AFTER_MS = 8_000;
/** What the modes are made for; of a source that sends more at a time as much more has to be in hand from the start. */
const USUAL_PAGE_MS = 20;

/**
 * @typedef {object} Mode
 * @property {number} prerollSeconds what the server sends at once
 * @property {import("./delay_target.js").Bounds} bounds
 */

export class LiveOutput extends EventTarget {
  /** @type {import("./jitter_buffer.js").Report | null} */
  report = null;
  /** @type {import("./session.js").Session | null} */
  #session = null;
  /** Starts and ends so far: what was begun before the last one is over. */
  #turn = 0;
  #lostAt = Infinity;
  #hungryAt = Infinity;
  #isOver = false;
  #isSounding = false;
  #isPaused = false;

  /**
   * @param {import("./decoder.js").EngineName} name of the decoder
   * @param {string} streamPath `/stream/{id}` on this origin
   * @param {Mode} mode
   * @param {import("./audio_output.js").Loudspeaker} loudspeaker
   * @param {() => number} pageMs how much sound the source sends at a time, 0 while unknown
   */
  constructor(name, streamPath, mode, loudspeaker, pageMs) {
    super();
    this.name = name;
    this.streamPath = streamPath;
    this.mode = mode;
    this.loudspeaker = loudspeaker;
    this.pageMs = pageMs;
  }

  /** What the spectrum may look at; null before the first sound. */
  get source() {
    return this.loudspeaker.input;
  }

  /** From the buffer to the ear, as far as it is known. */
  get outputMs() {
    return this.loudspeaker.outputMs;
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
    const turn = this.#turn;
    this.#open().catch((error) => turn === this.#turn && this.#fail(error));
  }

  pause() {
    this.release();
    this.#isPaused = true;
  }

  release() {
    this.#turn += 1;
    this.#session?.close();
    this.#session = this.report = null;
    this.#isSounding = this.#isOver = this.#isPaused = false;
    this.#lostAt = this.#hungryAt = Infinity;
    this.loudspeaker.rest();
  }

  /** The tab or the network is back; what slept may have to be woken, and what is connected may be dead. */
  suspect() {
    this.#session?.suspect();
    this.loudspeaker.wake();
  }

  async #open() {
    const turn = this.#turn;
    const { context, input, running } = this.loudspeaker.use(); // within the click
    const begun = sessionModule.then(({ Session }) => {
      if (turn === this.#turn) {
        this.#session = this.#begin(Session, context, input);
      }
    });
    await Promise.all([running, begun]);
  }

  /**
   * @param {typeof import("./session.js").Session} Session
   * @param {AudioContext} context
   * @param {AudioNode} input
   */
  #begin(Session, context, input) {
    const { bounds } = this.mode;
    return new Session(
      context,
      input,
      this.name,
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
}

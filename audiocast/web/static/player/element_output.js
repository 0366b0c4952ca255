/**
 * Plays a stream by an audio element: in every browser, in the background too, three seconds behind the source.
 *
 * An output of the player (see player.js). Owns the element's `src` and play/pause. Every connection starts at the live
 * edge.
 */

const WATCH_INTERVAL_MS = 1_000;
/** After the network or the tab came back, `currentTime` may stand still only for this long. */
const SUSPECT_STALL_MS = 4_000;
/** A listener of a stream that has just started gets no backlog, and an element that reads in blocks then runs dry at
 *  each block. So the element is paused for this long after an underrun, and has that much more buffer afterwards. */
const REBUFFER_MS = 1_000;

/**
 * Browsers read audio in blocks of 32 KiB (measured in Chromium and Firefox), so at a low bitrate `currentTime` moves in
 * jumps of that length. The element counts as stalled after two blocks and a margin.
 */
const ELEMENT_BLOCK_BITS = 32 * 1024 * 8;
const STALL_MARGIN_MS = 5_000;
const STALL_UNKNOWN_MS = 20_000;
const STALL_LONGEST_MS = 60_000;

export class ElementOutput extends EventTarget {
  name = "audio";
  report = null;
  usesAudioContext = false;
  source = null;
  reconnections = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #rebufferTimer = undefined;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #watchTimer = undefined;
  #connection = 0;
  #lastPosition = 0;
  #stalledAt = Infinity;
  /** Whether the element should be playing. */
  #isActive = false;
  /** Whether the element is paused after an underrun, which is no wish for silence. */
  #isRebuffering = false;

  /**
   * @param {HTMLAudioElement} audio
   * @param {string} streamPath `/stream/{id}` on this origin
   * @param {() => number} bitrateBps of the stream, 0 while unknown
   */
  constructor(audio, streamPath, bitrateBps) {
    super();
    this.audio = audio;
    this.streamPath = streamPath;
    this.bitrateBps = bitrateBps;
    audio.addEventListener("playing", () => this.#isActive && this.#emit("playing"));
    audio.addEventListener("waiting", () => this.#onWaiting());
    audio.addEventListener("stalled", () => this.#onWaiting());
    audio.addEventListener("ended", () => this.#onLost());
    audio.addEventListener("error", () => this.#onLost());
    audio.addEventListener("pause", () => this.#onPause());
    audio.addEventListener("play", () => this.#onPlay());
  }

  /** Delay from the element to the loudspeaker, which browsers do not report. */
  get outputMs() {
    return 0;
  }

  /** Whether the system's play button can start the output again. */
  canResume() {
    return this.audio.hasAttribute("src");
  }

  start() {
    clearTimeout(this.#rebufferTimer);
    this.#isRebuffering = false;
    this.#isActive = true;
    this.#connection += 1;
    const connection = this.#connection;
    this.#startWatch();
    this.audio.src = this.nextUrl(connection);
    Promise.resolve(this.audio.play()).catch((/** @type {unknown} */ error) => {
      const reason = error instanceof Error ? error.name : "";
      if (connection === this.#connection && reason === "NotAllowedError") {
        this.release();
        this.#emit("blocked");
      }
      // Any other reason is an abort by this class, or comes as an "error" event too.
    });
  }

  /**
   * @param {number} connection its number
   * @returns {string} a new URL each time, so that neither a cache nor the element plays old sound
   */
  nextUrl(connection) {
    return `${this.streamPath}?t=${Date.now().toString(36)}-${connection}`;
  }

  /** Pause so that the system's play button can resume. */
  pause() {
    this.#deactivate();
    this.audio.pause();
  }

  /** Drop the connection: an element without a source downloads nothing. */
  release() {
    this.#deactivate();
    this.#connection += 1;
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.audio.load();
  }

  checkConnection() {
    if (this.#watchTimer !== undefined) {
      this.#stalledAt = Math.min(this.#stalledAt, performance.now() + SUSPECT_STALL_MS);
    }
  }

  /** @param {string} event */
  #emit(event) {
    this.dispatchEvent(new Event(event));
  }

  #deactivate() {
    clearTimeout(this.#rebufferTimer);
    clearInterval(this.#watchTimer);
    this.#watchTimer = undefined;
    this.#isRebuffering = false;
    this.#isActive = false;
  }

  #onLost() {
    if (this.#isActive) {
      this.#emit("lost");
    }
  }

  #onWaiting() {
    if (this.#isActive && !this.#isRebuffering && this.audio.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) {
      if (this.audio.currentTime > 0) {
        this.#emit("waiting");
        this.#rebuffer();
      }
    }
  }

  #rebuffer() {
    this.#isRebuffering = true;
    this.audio.pause();
    this.#rebufferTimer = setTimeout(() => {
      this.#isRebuffering = false;
      this.audio.play().catch(() => {}); // the output was released meanwhile
    }, REBUFFER_MS);
  }

  #onPause() {
    // An element pauses itself at its end; that is a lost connection, not a wish for silence.
    if (this.#isActive && !this.#isRebuffering && this.audio.paused && !this.audio.ended && !this.audio.error) {
      this.#deactivate();
      this.#emit("paused");
    }
  }

  #onPlay() {
    if (!this.#isActive && this.canResume()) {
      this.#emit("resumed");
    }
  }

  #startWatch() {
    clearInterval(this.#watchTimer);
    this.#lastPosition = this.audio.currentTime;
    this.#stalledAt = performance.now() + stallTimeoutMs(this.bitrateBps());
    this.#watchTimer = setInterval(() => this.#checkPosition(), WATCH_INTERVAL_MS);
  }

  /** A connection may look open, and bytes may flow, without sound: only currentTime shows it. */
  #checkPosition() {
    const now = performance.now();
    const position = this.audio.currentTime;
    if (position !== this.#lastPosition) {
      this.#lastPosition = position;
      this.#stalledAt = now + stallTimeoutMs(this.bitrateBps());
    } else if (now >= this.#stalledAt) {
      this.#onLost();
    }
  }
}

/**
 * @param {number} bitrateBps of the stream, 0 when unknown
 * @returns {number} how long currentTime may stand still before the connection counts as lost
 */
function stallTimeoutMs(bitrateBps) {
  if (!(bitrateBps > 0)) {
    return STALL_UNKNOWN_MS;
  }
  const twoBlocks = (2 * ELEMENT_BLOCK_BITS * 1000) / bitrateBps;
  return Math.min(STALL_LONGEST_MS, STALL_MARGIN_MS + twoBlocks);
}

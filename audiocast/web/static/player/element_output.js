/**
 * Sound of one stream by an audio element: everywhere, in the background too, three seconds behind the source.
 *
 * An output of the player (player.js says what that is). Owns the element's `src` and play/pause. Every connection
 * starts at the live edge.
 */

import { stallPatience } from "../shared/backoff.js";

const WATCH_INTERVAL_MS = 1_000;
/** When the network or the tab came back, a clock that stands still gets only this long. */
const SUSPECT_PATIENCE_MS = 4_000;
/** Who joins a stream that has just begun gets no backlog, and an element that reads in blocks then runs dry at every
 *  one of them. So after each time it ran dry it rests this long, and has that much more in hand from there on. */
const CUSHION_MS = 1_000;

export class ElementOutput extends EventTarget {
  name = "audio";
  report = null;
  source = null;
  reconnections = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer = undefined;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #watch = undefined;
  #connection = 0;
  #lastPosition = 0;
  #stalledAt = Infinity;
  /** Sound is expected of it. */
  #active = false;
  /** The element rests after it ran dry; nobody has asked for silence. */
  #gathering = false;

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
    audio.addEventListener("playing", () => this.#active && this.#tell("sound"));
    audio.addEventListener("waiting", () => this.#hungry());
    audio.addEventListener("stalled", () => this.#hungry());
    audio.addEventListener("ended", () => this.#lost());
    audio.addEventListener("error", () => this.#lost());
    audio.addEventListener("pause", () => this.#pausedByOthers());
    audio.addEventListener("play", () => this.#playedByOthers());
  }

  /** From the element to the loudspeaker: it does not say. */
  get outputMs() {
    return 0;
  }

  /** Whether the system's play button can begin anew. */
  isHeld() {
    return this.audio.hasAttribute("src");
  }

  start() {
    clearTimeout(this.#timer);
    this.#gathering = false;
    this.#active = true;
    this.#connection += 1;
    const connection = this.#connection;
    this.#startWatch();
    this.audio.src = this.address(connection);
    Promise.resolve(this.audio.play()).catch((/** @type {unknown} */ error) => {
      const reason = error instanceof Error ? error.name : "";
      if (connection === this.#connection && reason === "NotAllowedError") {
        this.release();
        this.#tell("refused");
      }
      // Anything else is an abort by ourselves, or comes as an "error" event too.
    });
  }

  /**
   * @param {number} connection counts
   * @returns {string} a new URL each time: neither a cache nor the element may answer with sound from before
   */
  address(connection) {
    return `${this.streamPath}?t=${Date.now().toString(36)}-${connection}`;
  }

  /** Silence that the system's own play button can end. */
  pause() {
    this.#rest();
    this.audio.pause();
  }

  /** Drop the connection: an element without a source downloads nothing. */
  release() {
    this.#rest();
    this.#connection += 1;
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.audio.load();
  }

  suspect() {
    if (this.#watch !== undefined) {
      this.#stalledAt = Math.min(this.#stalledAt, performance.now() + SUSPECT_PATIENCE_MS);
    }
  }

  /** @param {string} event */
  #tell(event) {
    this.dispatchEvent(new Event(event));
  }

  #rest() {
    clearTimeout(this.#timer);
    clearInterval(this.#watch);
    this.#watch = undefined;
    this.#gathering = false;
    this.#active = false;
  }

  #lost() {
    if (this.#active) {
      this.#tell("lost");
    }
  }

  #hungry() {
    if (this.#active && !this.#gathering && this.audio.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) {
      if (this.audio.currentTime > 0) {
        this.#tell("hungry");
        this.#gather();
      }
    }
  }

  #gather() {
    this.#gathering = true;
    this.audio.pause();
    this.#timer = setTimeout(() => {
      this.#gathering = false;
      this.audio.play().catch(() => {}); // a release in the meantime, which is no news
    }, CUSHION_MS);
  }

  #pausedByOthers() {
    // At its end an element pauses itself first; that is a lost connection, not a wish for silence.
    if (this.#active && !this.#gathering && this.audio.paused && !this.audio.ended && !this.audio.error) {
      this.#rest();
      this.#tell("paused");
    }
  }

  #playedByOthers() {
    if (!this.#active && this.isHeld()) {
      this.#tell("resumed");
    }
  }

  #startWatch() {
    clearInterval(this.#watch);
    this.#lastPosition = this.audio.currentTime;
    this.#stalledAt = performance.now() + stallPatience(this.bitrateBps());
    this.#watch = setInterval(() => this.#look(), WATCH_INTERVAL_MS);
  }

  /** Bytes may flow, or the connection seem open, while no sound comes: only currentTime tells. */
  #look() {
    const now = performance.now();
    const position = this.audio.currentTime;
    if (position !== this.#lastPosition) {
      this.#lastPosition = position;
      this.#stalledAt = now + stallPatience(this.bitrateBps());
    } else if (now >= this.#stalledAt) {
      this.#lost();
    }
  }
}

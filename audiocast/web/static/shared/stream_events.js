/**
 * What the server says about one stream, as it changes: server-sent events, or polling where they do not work.
 *
 * Never touches the page or the sound. A stream nobody has seen (404) is one that is waited for.
 *
 * @typedef {object} StreamState
 * @property {string} stream_id
 * @property {string} title
 * @property {"waiting" | "live" | "held" | "ended"} state
 * @property {number | null} started_at unix seconds
 * @property {number} listeners
 * @property {number} bitrate_bps
 * @property {number | null} page_ms how much sound the source sends at a time; null without a source
 * @property {{title: string, artist: string} | null} now_playing
 */

const POLL_INTERVAL_MS = 10_000;
/** Polls are spread by up to this much, so that pages opened together do not ask together. */
const POLL_JITTER_MS = 3_000;
/** EventSource reconnects by itself; after so many failures in a row we poll and try it again now and then. */
const EVENT_FAILURES_BEFORE_POLLING = 3;
const POLLS_BEFORE_EVENTS_AGAIN = 6;
/** A network that is gone without a word would keep a question open for minutes. */
const ANSWER_WITHIN_MS = 8_000;

/** What a page shows until the server knows more; the title may be known from before. */
export const UNKNOWN_STREAM = Object.freeze({
  state: "waiting",
  listeners: 0,
  bitrate_bps: 0,
  page_ms: null,
  started_at: null,
  now_playing: null,
});

/** @param {{title?: string, artist?: string} | null | undefined} track */
export function trackWords(track) {
  return [track?.artist, track?.title].filter(Boolean).join(" — ");
}

/**
 * Fires "state" (a CustomEvent whose detail is a StreamState) on every piece of news, and "interrupted" when the
 * server has stopped sending them.
 */
export class StreamFeed extends EventTarget {
  /** @type {EventSource | null} */
  #events = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #pollTimer = undefined;
  #open = false;
  #failures = 0;
  #polls = 0;
  /** Whether the server knew the stream when last asked; news of a change is worth a new EventSource. */
  #known = true;

  /** @param {string} apiPath `/api/streams/{id}` on this origin */
  constructor(apiPath) {
    super();
    this.apiPath = apiPath;
  }

  open() {
    this.close();
    this.#open = true;
    if (typeof EventSource === "undefined") {
      this.#poll();
      return;
    }
    const events = new EventSource(`${this.apiPath}/events`);
    this.#events = events;
    events.addEventListener("state", (event) => {
      this.#failures = 0;
      this.#announce(JSON.parse(/** @type {MessageEvent<string>} */ (event).data));
    });
    events.addEventListener("error", () => {
      this.#failures += 1;
      this.dispatchEvent(new Event("interrupted"));
      // CLOSED means an HTTP error such as 404: the browser will not try again by itself.
      const givenUp = events.readyState === EventSource.CLOSED;
      if (givenUp || this.#failures >= EVENT_FAILURES_BEFORE_POLLING) {
        events.close();
        this.#events = null;
        this.#poll();
      }
    });
  }

  close() {
    this.#open = false;
    this.#events?.close();
    this.#events = null;
    clearTimeout(this.#pollTimer);
  }

  /**
   * Ask once, now: after the network or the tab came back.
   *
   * @returns {Promise<boolean | null>} whether the server knows the stream; null when it could not be asked
   */
  async refresh() {
    try {
      // Browsers of before 2022 cannot be told to give up.
      const signal = AbortSignal.timeout?.(ANSWER_WITHIN_MS);
      const response = await fetch(this.apiPath, { cache: "no-store", signal });
      if (response.ok) {
        this.#announce(await response.json());
        return true;
      }
      if (response.status === 404) {
        this.#announce(UNKNOWN_STREAM);
        return false;
      }
    } catch {
      // No network: what was known stays on the page, the next question comes soon enough.
    }
    return null;
  }

  async #poll() {
    const known = await this.refresh();
    if (!this.#open || this.#events) {
      return; // closed, or opened again, while we asked
    }
    const appeared = known === true && !this.#known;
    this.#known = known ?? this.#known;
    this.#polls += 1;
    if (typeof EventSource !== "undefined" && (appeared || this.#polls % POLLS_BEFORE_EVENTS_AGAIN === 0)) {
      this.open();
      return;
    }
    this.#pollTimer = setTimeout(() => this.#poll(), POLL_INTERVAL_MS + Math.random() * POLL_JITTER_MS);
  }

  /** @param {Partial<StreamState>} state */
  #announce(state) {
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }
}

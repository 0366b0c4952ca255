/**
 * The state of one stream as it changes, by server-sent events, or by polling where they do not work.
 *
 * Never touches the page or the sound. A stream that the server does not know (404) is in the state "waiting".
 *
 * @typedef {Api.StreamState & OfPage} StreamState the first made of the server's own type (cmd/api_types.py)
 *
 * @typedef {object} OfPage
 * @property {boolean} [is_known] whether the server knows the stream
 * @property {string} [cover_url]
 */

const POLL_INTERVAL_MS = 10_000;
/** Polls are spread by up to this much, so that pages opened together do not ask together. */
const POLL_JITTER_MS = 3_000;
/** EventSource reconnects by itself; after this many failures in a row, polling replaces it for some polls. */
const EVENT_FAILURES_BEFORE_POLLING = 3;
const POLLS_BEFORE_EVENTS_AGAIN = 6;
/** News of the network may come many times a second, and each open page opens a connection for it. */
const REOPENED_EVERY_MS = 5_000;
/** Without a limit, a request over a network that is gone would stay open for minutes. */
const ANSWERS_WITHIN_MS = 8_000;

/** State of a stream that the server does not know; a page may know its title all the same. */
export const UNKNOWN_STREAM = Object.freeze({
  state: "waiting",
  listeners: 0,
  bitrate_bps: 0,
  page_ms: null,
  burst_ms: null,
  source_priority: null,
  standby: 0,
  started_at: null,
  now_playing: null,
  muted: false,
  listener_peak: 0,
  last_broadcast: null,
  is_known: false,
});

/** @param {{title?: string, artist?: string} | null | undefined} track */
export function trackText(track) {
  return [track?.artist, track?.title].filter(Boolean).join(" — ");
}

/**
 * Fires "state" (a CustomEvent whose detail is a StreamState) with each state that arrives, and "interrupted" when the
 * connection of the events is lost.
 */
export class StreamEvents extends EventTarget {
  /** @type {EventSource | null} */
  #events = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #pollTimer = undefined;
  #isOpen = false;
  #failures = 0;
  #polls = 0;
  #openedAt = -Infinity;
  /** Whether events have come by the last connection: then they come again once the server can be reached. */
  #hasWorked = false;
  /** Whether the server knew the stream at the last poll; a stream that appears is worth a new EventSource. */
  #wasKnown = true;

  /** @param {string} apiPath `/api/streams/{id}` on this origin */
  constructor(apiPath) {
    super();
    this.apiPath = apiPath;
  }

  open() {
    this.close();
    this.#isOpen = true;
    this.#openedAt = performance.now();
    this.#failures = 0;
    if (typeof EventSource === "undefined") {
      this.#poll();
      return;
    }
    const events = new EventSource(`${this.apiPath}/events`);
    this.#events = events;
    events.addEventListener("state", (event) => {
      this.#failures = 0;
      this.#hasWorked = true;
      this.#emit(JSON.parse(/** @type {MessageEvent<string>} */ (event).data));
    });
    events.addEventListener("error", () => {
      this.#failures += 1;
      this.dispatchEvent(new Event("interrupted"));
      // CLOSED means an HTTP error such as 404: the browser will not try again by itself.
      const hasGivenUp = events.readyState === EventSource.CLOSED;
      if (hasGivenUp || this.#failures >= EVENT_FAILURES_BEFORE_POLLING) {
        events.close();
        this.#events = null;
        this.#poll();
      }
    });
  }

  close() {
    this.#isOpen = false;
    this.#events?.close();
    this.#events = null;
    clearTimeout(this.#pollTimer);
  }

  /**
   * Open the connection anew, if it was not just opened: the network has shown that it is back. A connection that is
   * dead without a word is noticed by nothing else for minutes.
   */
  reopen() {
    if (this.#isOpen && performance.now() - this.#openedAt >= REOPENED_EVERY_MS) {
      this.open();
    }
  }

  /**
   * Ask for the state once, after the network or the tab came back.
   *
   * @returns {Promise<boolean | null>} whether the server knows the stream; null when it could not be asked
   */
  async refresh() {
    try {
      // Browsers before 2022 have no such limit.
      const signal = AbortSignal.timeout?.(ANSWERS_WITHIN_MS);
      const response = await fetch(this.apiPath, { cache: "no-store", signal });
      if (response.ok) {
        this.#emit(await response.json());
        return true;
      }
      if (response.status === 404) {
        this.#emit(UNKNOWN_STREAM);
        return false;
      }
    } catch {
      // No network: the page keeps the last state, and the next request comes soon.
    }
    return null;
  }

  async #poll() {
    const known = await this.refresh();
    if (!this.#isOpen || this.#events) {
      return; // closed, or opened again, meanwhile
    }
    const appeared = known === true && !this.#wasKnown;
    const isBack = known === true && this.#hasWorked;
    this.#wasKnown = known ?? this.#wasKnown;
    this.#polls += 1;
    if (typeof EventSource !== "undefined" && (appeared || isBack || this.#polls % POLLS_BEFORE_EVENTS_AGAIN === 0)) {
      this.#hasWorked = false;
      this.open();
      return;
    }
    this.#pollTimer = setTimeout(() => this.#poll(), POLL_INTERVAL_MS + Math.random() * POLL_JITTER_MS);
  }

  /** @param {Partial<StreamState>} state */
  #emit(state) {
    this.dispatchEvent(new CustomEvent("state", { detail: { is_known: true, ...state } }));
  }
}

/**
 * The connection that sends the sound to the server: a WebSocket that reconnects, with back-off, until `stop`.
 *
 * The uplink keeps no sound: a late packet would make all that follows late. It does not know whether the sound arrives:
 * a socket accepts bytes long after the other end is gone (see on_air_monitor.js).
 *
 *   idle --start--> connecting --> open --lost--> waiting --timer--> connecting
 *   open, connecting --refused by the server--> refused         any --stop--> idle
 *
 * @typedef {"idle" | "connecting" | "open" | "waiting" | "refused"} Phase
 */

import { retryDelayMs } from "../shared/backoff.js";

const SUBPROTOCOL = "audiocast";
/** Much less than the time for which the server holds the listeners of a lost source. */
const LONGEST_RETRY_MS = 4_000;
const CONNECTED_WITHIN_MS = 8_000;
/** After a connection that was open for this long, the next failure starts with the shortest delay again. */
const GOOD_AFTER_MS = 5_000;
/** Two seconds at 96 kbit/s. Packets behind a longer queue are skipped. */
const MOST_UNSENT_BYTES = 24_000;

/** Close codes above this are 4000 + an HTTP status, and their reason starts with the error's code. */
const ERROR_CLOSE_CODES = 4_000;
/** Errors after which the uplink reconnects; all others are final. */
const TRANSIENT_ERRORS = new Set(["no_audio", "server_full", "shutting_down", "source_stalled", "too_fast"]);
/** Final statuses of a plain request after a connection that failed; 426 means that a WebSocket is welcome. */
const REFUSAL_STATUSES = new Set([401, 403, 404, 410]);

/** Fires "phase" when `phase` changed, and "standby" when `isStandby` did. */
export class Uplink extends EventTarget {
  /** @type {Phase} */
  phase = "idle";
  /** The server's error code, once it has refused the broadcast. */
  refusal = "";
  /** A better source is heard, and this one waits for it to be away. */
  isStandby = false;
  /** When a packet was last skipped because the network is too slow, by `performance.now`. */
  skippedAt = -Infinity;
  /** When the connection was last opened, by `performance.now`. */
  openedAt = -Infinity;
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer = undefined;
  #attempt = 0;
  #url = "";
  #key = "";

  constructor() {
    super();
    addEventListener("online", () => {
      if (this.phase === "waiting") {
        this.#connect();
      }
    });
  }

  /**
   * @param {string} ingestPath of the stream, on this origin
   * @param {string} key
   */
  start(ingestPath, key) {
    this.#url = `${ingestPath}/ws`;
    this.#key = key;
    this.#attempt = 0;
    this.#connect();
  }

  stop() {
    this.#disconnect();
    this.#enter("idle");
  }

  /** Reconnect: the server does not confirm that the sound of this connection arrives. */
  renew() {
    if (this.phase === "open") {
      this.#retryLater();
    }
  }

  /** @param {Uint8Array<ArrayBuffer> | ArrayBuffer} message */
  send(message) {
    if (this.phase !== "open" || !this.#socket) {
      return;
    }
    if (this.#socket.bufferedAmount > MOST_UNSENT_BYTES) {
      this.skippedAt = performance.now();
      return;
    }
    this.#socket.send(message);
  }

  #connect() {
    this.#disconnect();
    const url = new URL(this.#url, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url, [SUBPROTOCOL, this.#key]);
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#retryLater(), CONNECTED_WITHIN_MS);
    socket.addEventListener("open", () => {
      if (socket === this.#socket) {
        clearTimeout(this.#timer);
        this.isStandby = false;
        this.openedAt = performance.now();
        this.#enter("open");
      }
    });
    socket.addEventListener("message", ({ data }) => {
      if (socket === this.#socket && typeof data === "string") {
        this.isStandby = data === '{"standby": true}';
        this.dispatchEvent(new Event("standby"));
      }
    });
    socket.addEventListener("close", (event) => {
      if (socket === this.#socket) {
        this.#onClose(event);
      }
    });
    this.#enter("connecting");
  }

  /** @param {CloseEvent} event */
  async #onClose({ code, reason }) {
    const { phase } = this;
    const errorCode = reason.split(":")[0];
    if (code > ERROR_CLOSE_CODES) {
      if (!TRANSIENT_ERRORS.has(errorCode)) {
        this.#refuse(errorCode);
      } else if (errorCode === "shutting_down" && phase === "open") {
        this.#attempt = 0;
        this.#connect(); // another member takes over; if none does, the back-off starts
      } else {
        this.#retryLater();
      }
      return;
    }
    this.#retryLater();
    if (phase === "connecting") {
      await this.#askReason();
    }
  }

  /** Browsers do not tell a page why a WebSocket failed. A plain request gets the same answer, and the page can read it. */
  async #askReason() {
    const socket = this.#socket;
    try {
      const headers = { Authorization: `Bearer ${this.#key}` };
      const answer = await fetch(this.#url, { headers, cache: "no-store", credentials: "omit" });
      const { error } = await answer.json();
      if (REFUSAL_STATUSES.has(answer.status) && socket === this.#socket) {
        this.#refuse(error);
      }
    } catch {
      // No network or no server: the timer retries.
    }
  }

  /** @param {string} code */
  #refuse(code) {
    this.#disconnect();
    this.refusal = code;
    this.#enter("refused");
  }

  #retryLater() {
    const wasGood = this.phase === "open" && performance.now() - this.openedAt > GOOD_AFTER_MS;
    this.#attempt = wasGood ? 0 : this.#attempt;
    this.#disconnect();
    const delayMs = Math.min(LONGEST_RETRY_MS, retryDelayMs(this.#attempt, Math.random()));
    this.#attempt += 1;
    this.#timer = setTimeout(() => this.#connect(), delayMs);
    this.#enter("waiting");
  }

  #disconnect() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  /** @param {Phase} phase */
  #enter(phase) {
    if (phase !== this.phase) {
      this.phase = phase;
      this.dispatchEvent(new Event("phase"));
    }
  }
}

/**
 * The connection that takes the sound to the server: a WebSocket that is made anew, with back-off, until told to stop.
 *
 * It keeps no sound: what was sent late would be heard late for ever after. Whether anybody hears it is not known here;
 * a socket takes bytes long after the other end is gone (see on_air_monitor.js).
 *
 *   idle --start--> connecting --> open --lost--> waiting --timer--> connecting
 *   open, connecting --sent away for good--> refused          any --stop--> idle
 *
 * @typedef {"idle" | "connecting" | "open" | "waiting" | "refused"} Phase
 */

import { retryDelay } from "../shared/backoff.js";

const SUBPROTOCOL = "audiocast";
/** Well inside the time for which the server holds the listeners of a lost source. */
const LONGEST_RETRY_MS = 4_000;
const CONNECTED_WITHIN_MS = 8_000;
/** A connection that stood so long was a good one: the next failure starts with the shortest delay again. */
const GOOD_AFTER_MS = 5_000;
/** Two seconds at 96 kbit/s. What waits longer is left out. */
const MOST_UNSENT_BYTES = 24_000;

/** Codes above it are 4000 + an HTTP status, and the reason begins with the error's code. */
const OWN_CLOSE_CODES = 4_000;
/** What passes by itself; all else that the server says is its last word. */
const PASSES = new Set(["no_audio", "server_full", "shutting_down", "source_stalled", "too_fast"]);
/** Statuses of the question why no connection was made: 426 means that one will be. */
const REFUSALS = new Set([401, 403, 404, 410]);

/** Fires "phase" whenever `phase` changed. */
export class Uplink extends EventTarget {
  /** @type {Phase} */
  phase = "idle";
  /** The server's code, once refused. */
  refusal = "";
  /** When the newest packet was left out because the network is too slow, by `performance.now`. */
  leftOutAt = -Infinity;
  /** When it was last opened, likewise. */
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
    this.#hangUp();
    this.#enter("idle");
  }

  /** Make the connection anew: nobody confirms that this one arrives anywhere. */
  renew() {
    if (this.phase === "open") {
      this.#lost();
    }
  }

  /** @param {Uint8Array<ArrayBuffer> | ArrayBuffer} message */
  send(message) {
    if (this.phase !== "open" || !this.#socket) {
      return;
    }
    if (this.#socket.bufferedAmount > MOST_UNSENT_BYTES) {
      this.leftOutAt = performance.now();
      return;
    }
    this.#socket.send(message);
  }

  #connect() {
    this.#hangUp();
    const url = new URL(this.#url, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url, [SUBPROTOCOL, this.#key]);
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#lost(), CONNECTED_WITHIN_MS);
    socket.addEventListener("open", () => {
      if (socket === this.#socket) {
        clearTimeout(this.#timer);
        this.openedAt = performance.now();
        this.#enter("open");
      }
    });
    socket.addEventListener("close", (event) => {
      if (socket === this.#socket) {
        this.#closed(event);
      }
    });
    this.#enter("connecting");
  }

  /** @param {CloseEvent} event */
  async #closed({ code, reason }) {
    const { phase } = this;
    const said = reason.split(":")[0];
    if (code > OWN_CLOSE_CODES) {
      if (!PASSES.has(said)) {
        this.#refused(said);
      } else if (said === "shutting_down" && phase === "open") {
        this.#attempt = 0;
        this.#connect(); // another member takes over, or the back-off begins
      } else {
        this.#lost();
      }
      return;
    }
    this.#lost();
    if (phase === "connecting") {
      await this.#askWhy();
    }
  }

  /** A page is not told why no WebSocket was made. A plain request gets the same answer, and can read it. */
  async #askWhy() {
    const socket = this.#socket;
    try {
      const headers = { Authorization: `Bearer ${this.#key}` };
      const answer = await fetch(this.#url, { headers, cache: "no-store", credentials: "omit" });
      const { error } = await answer.json();
      if (REFUSALS.has(answer.status) && socket === this.#socket) {
        this.#refused(error);
      }
    } catch {
      // No network, or no server: the next try comes by itself.
    }
  }

  /** @param {string} code */
  #refused(code) {
    this.#hangUp();
    this.refusal = code;
    this.#enter("refused");
  }

  #lost() {
    const wasGood = this.phase === "open" && performance.now() - this.openedAt > GOOD_AFTER_MS;
    this.#attempt = wasGood ? 0 : this.#attempt;
    this.#hangUp();
    const delayMs = Math.min(LONGEST_RETRY_MS, retryDelay(this.#attempt, Math.random()));
    this.#attempt += 1;
    this.#timer = setTimeout(() => this.#connect(), delayMs);
    this.#enter("waiting");
  }

  #hangUp() {
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

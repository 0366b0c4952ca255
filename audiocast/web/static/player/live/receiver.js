/**
 * Receives one stream's packets: connects, parses the pages, and connects again when a connection is lost.
 *
 * Knows no sound. The receiver retries quickly after a loss; the session's owner decides when to give up. Pages that
 * were received before are dropped, so a connection that starts a little earlier than the last one ended has no seam.
 *
 * @typedef {object} Handlers
 * @property {(head: import("./opus.js").OpusHead) => void} head a logical stream has started, the first or another
 * @property {(packet: Uint8Array, mediaMs: number) => void} packet mediaMs is the place of its end in the stream
 * @property {(isOver: boolean) => void} lost a connection was lost, or could not be made; when the stream is over, the
 *   receiver stops
 * @property {(error: unknown) => void} unsupported the stream is in a form that cannot be played
 */

import { retryDelayMs } from "../../shared/backoff.js";
import { SAMPLE_RATE } from "../../shared/sample_rate.js";
import { Runs } from "./buffer/runs.js";
import { OggReader } from "./ogg.js";
import { isHeader, packetSamples, parseHead } from "./opus.js";

/** The server sends silence when its source has been quiet for two and a half seconds, counted from when the source's
 *  last burst is used up: a connection without a byte for longer is dead. */
const SILENT_AFTER_MS = 3_000;
/** The same just after the network or the tab came back. */
const SUSPECT_AFTER_MS = 1_500;
/** The last part of these times starts only when the timer fires: in a page that was suspended meanwhile, the timer is
 *  late and the bytes that arrived are about to be read. */
const LAST_CHANCE_MS = 100;
/** After sound was received, an attempt without an answer is repeated within this: the network may be back at any
 *  moment. A server that answers without sound is asked at growing intervals. */
const RETRY_MS = 300;
const NOT_ON_AIR = 404;

export class Receiver {
  #abort = new AbortController();
  /** Number of connections so far. */
  connections = 0;
  /** Number of connections in a row that brought no sound. */
  #failures = 0;
  /** Whether the last of them was answered. */
  #isRefused = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} until the connection counts as dead */
  #deadTimer = undefined;
  /** Ends the current connection. */
  #disconnect = () => {};
  #serial = NaN;
  #granule = -1;
  #runs;
  #isOver = false;

  /**
   * @param {(connection: number) => string} url of each connection, from 1 on
   * @param {number} burstMs how much sound the source sends at once, 0 while unknown
   * @param {Handlers} handlers
   */
  constructor(url, burstMs, handlers) {
    this.url = url;
    this.#runs = new Runs(burstMs);
    this.handlers = handlers;
  }

  /** Receive until `close`, or until the stream is over. */
  async run() {
    const { signal } = this.#abort;
    while (!signal.aborted && !this.#isOver) {
      this.connections += 1;
      await this.#receive(signal).catch(() => {}); // whatever the reason, the connection is over
      if (!signal.aborted) {
        this.handlers.lost(this.#isOver);
        const chance = Math.random();
        const isQuick = this.#granule >= 0 && !this.#isRefused;
        const delayMs = isQuick ? RETRY_MS * (0.5 + 0.5 * chance) : retryDelayMs(this.#failures, chance);
        this.#failures += 1;
        await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
    }
  }

  close() {
    this.#abort.abort();
  }

  /** @param {number} burstMs how much sound the source sends at once, as the server has found meanwhile */
  expect(burstMs) {
    this.#runs.expect(burstMs);
  }

  /** The connection may be dead: bytes must arrive soon. */
  checkConnection() {
    this.#expectBytes(SUSPECT_AFTER_MS);
  }

  /** @param {number} withinMs the connection is dead if no bytes arrive in this time after a burst is used up */
  #expectBytes(withinMs) {
    clearTimeout(this.#deadTimer);
    this.#deadTimer = setTimeout(
      () => {
        this.#deadTimer = setTimeout(() => this.#disconnect(), LAST_CHANCE_MS);
      },
      this.#runs.pauseMs(performance.now()) + withinMs - LAST_CHANCE_MS,
    );
  }

  /** @param {AbortSignal} closed */
  async #receive(closed) {
    const connection = new AbortController();
    this.#disconnect = () => connection.abort();
    closed.addEventListener("abort", this.#disconnect);
    this.#isRefused = false;
    this.#expectBytes(SILENT_AFTER_MS);
    try {
      const response = await fetch(this.url(this.connections), { cache: "no-store", signal: connection.signal });
      this.#isRefused = true;
      this.#isOver = response.status === NOT_ON_AIR;
      if (!response.ok || !response.body) {
        throw new Error(`expected a stream, got status ${response.status}`);
      }
      const bytes = response.body.getReader();
      const ogg = new OggReader();
      for (let { done, value } = await bytes.read(); !done; { done, value } = await bytes.read()) {
        ogg.push(/** @type {Uint8Array} */ (value)).forEach((page) => this.#readPage(page));
        this.#expectBytes(SILENT_AFTER_MS);
      }
    } finally {
      clearTimeout(this.#deadTimer);
      closed.removeEventListener("abort", this.#disconnect);
      this.#disconnect();
    }
  }

  /** @param {import("./ogg.js").Page} page */
  #readPage(page) {
    if (this.#abort.signal.aborted) {
      return;
    }
    if (page.isFirst) {
      if (page.serial !== this.#serial) {
        this.#startStream(page);
      }
      return;
    }
    if (page.granule <= this.#granule) {
      return;
    }
    const audio = page.packets.filter((packet) => !isHeader(packet));
    let granule = page.granule - audio.reduce((sum, packet) => sum + packetSamples(packet), 0);
    this.#runs.arrived(performance.now(), milliseconds(page.granule - granule));
    for (const packet of audio) {
      granule += packetSamples(packet);
      this.handlers.packet(packet, milliseconds(granule));
      this.#granule = page.granule;
      this.#failures = 0;
      this.#isRefused = false;
    }
    this.#isOver = page.isLast;
  }

  /** @param {import("./ogg.js").Page} page */
  #startStream(page) {
    this.#serial = page.serial;
    this.#granule = -1;
    try {
      this.handlers.head(parseHead(page.packets[0] ?? new Uint8Array(0)));
    } catch (error) {
      this.close();
      this.handlers.unsupported(error);
    }
  }
}

/** @param {number} granule samples */
function milliseconds(granule) {
  return (granule / SAMPLE_RATE) * 1000;
}

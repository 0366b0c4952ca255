/**
 * One stream's packets, fetched: connects, takes the pages apart, connects anew when a connection is lost.
 *
 * Knows no sound. After a loss it is quick; who uses it decides when to give up. Pages that came before are left
 * out, so a connection that begins a little earlier than the last one ended has no seam.
 *
 * @typedef {object} Listener
 * @property {(head: import("./opus.js").OpusHead) => void} begins a logical stream does, the first or another
 * @property {(packet: Uint8Array, mediaMs: number) => void} packet with the place of its end in the stream
 * @property {(isOver: boolean) => void} lost a connection was, or could not be made; whether the stream is over, and
 *   with it the reception
 * @property {(error: unknown) => void} unable to read what comes
 */

import { retryDelay } from "../../shared/backoff.js";
import { SAMPLE_RATE } from "../../shared/sample_rate.js";
import { OggReader } from "./ogg.js";
import { isHeader, packetSamples, parseHead } from "./opus.js";

/** The server sends silence when its source has been quiet for two and a half seconds: nothing at all for longer is a
 *  dead connection. */
const SILENT_AFTER_MS = 3_000;
/** The same when the network or the tab has just come back; some sources send once a second. */
const SUSPECT_AFTER_MS = 1_500;
/** Of these, the last part begins anew from where the page looks: one that was asleep has slept through the end, and what
 *  came meanwhile is about to be read. */
const LAST_CHANCE_MS = 100;
/** Once there was sound, the next attempt comes within this where nobody answers: the network may be back at any moment.
 *  A server that answers and has nothing to give is asked more and more seldom. */
const RETRY_MS = 300;
const NOT_ON_AIR = 404;

export class Reception {
  #abort = new AbortController();
  /** Connections so far. */
  count = 0;
  /** Connections in a row that brought no sound. */
  #vain = 0;
  /** The last of them was answered. */
  #isRefused = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} until the connection counts as dead */
  #watch = undefined;
  /** Gives up the connection. */
  #end = () => {};
  #serial = NaN;
  #granule = -1;
  #isOver = false;

  /**
   * @param {(connection: number) => string} address of each connection, from 1 on
   * @param {Listener} listener
   */
  constructor(address, listener) {
    this.address = address;
    this.listener = listener;
  }

  /** Go on until `close`, or until the stream is over. */
  async run() {
    const { signal } = this.#abort;
    while (!signal.aborted && !this.#isOver) {
      this.count += 1;
      await this.#receive(signal).catch(() => {}); // whatever it was, the connection is over
      if (!signal.aborted) {
        this.listener.lost(this.#isOver);
        const chance = Math.random();
        const isQuick = this.#granule >= 0 && !this.#isRefused;
        const delayMs = isQuick ? RETRY_MS * (0.5 + 0.5 * chance) : retryDelay(this.#vain, chance);
        this.#vain += 1;
        await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
    }
  }

  close() {
    this.#abort.abort();
  }

  /** The connection may have died without a word: it has to prove that it lives. */
  suspect() {
    this.#expect(SUSPECT_AFTER_MS);
  }

  /** @param {number} withinMs something has to come, or the connection is dead */
  #expect(withinMs) {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      this.#watch = setTimeout(() => this.#end(), LAST_CHANCE_MS);
    }, withinMs - LAST_CHANCE_MS);
  }

  /** @param {AbortSignal} closed */
  async #receive(closed) {
    const connection = new AbortController();
    this.#end = () => connection.abort();
    closed.addEventListener("abort", this.#end);
    this.#isRefused = false;
    this.#expect(SILENT_AFTER_MS);
    try {
      const response = await fetch(this.address(this.count), { cache: "no-store", signal: connection.signal });
      this.#isRefused = true;
      this.#isOver = response.status === NOT_ON_AIR;
      if (!response.ok || !response.body) {
        throw new Error(`expected a stream, got status ${response.status}`);
      }
      const bytes = response.body.getReader();
      const ogg = new OggReader();
      for (let { done, value } = await bytes.read(); !done; { done, value } = await bytes.read()) {
        this.#expect(SILENT_AFTER_MS);
        ogg.push(/** @type {Uint8Array} */ (value)).forEach((page) => this.#take(page));
      }
    } finally {
      clearTimeout(this.#watch);
      closed.removeEventListener("abort", this.#end);
      this.#end();
    }
  }

  /** @param {import("./ogg.js").Page} page */
  #take(page) {
    if (this.#abort.signal.aborted) {
      return;
    }
    if (page.isFirst) {
      if (page.serial !== this.#serial) {
        this.#begin(page);
      }
      return;
    }
    if (page.granule <= this.#granule) {
      return;
    }
    const audio = page.packets.filter((packet) => !isHeader(packet));
    let granule = page.granule - audio.reduce((sum, packet) => sum + packetSamples(packet), 0);
    for (const packet of audio) {
      granule += packetSamples(packet);
      this.listener.packet(packet, (granule / SAMPLE_RATE) * 1000);
      this.#granule = page.granule;
      this.#vain = 0;
      this.#isRefused = false;
    }
    this.#isOver = page.isLast;
  }

  /** @param {import("./ogg.js").Page} page */
  #begin(page) {
    this.#serial = page.serial;
    this.#granule = -1;
    try {
      this.listener.begins(parseHead(page.packets[0] ?? new Uint8Array(0)));
    } catch (error) {
      this.close();
      this.listener.unable(error);
    }
  }
}

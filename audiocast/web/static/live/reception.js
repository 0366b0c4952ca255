/**
 * One stream's packets, fetched: connects, takes the pages apart, connects anew when a connection is lost.
 *
 * Knows no sound. After a loss it is quick at first; who uses it decides when to give up. Pages that came before are
 * left out, so a connection that begins a little earlier than the last one ended has no seam.
 *
 * @typedef {object} Listener
 * @property {(head: import("./opus.js").OpusHead) => void} begins a logical stream does, the first or another
 * @property {(packet: Uint8Array, mediaMs: number) => void} packet with the place of its end in the stream
 * @property {(isOver: boolean) => void} lost a connection was, or could not be made; whether the stream is over, and
 *   with it the reception
 * @property {(error: unknown) => void} unable to read what comes
 */

import { retryDelay } from "../patience.js";
import { OggReader } from "./ogg.js";
import { SAMPLE_RATE, isHeader, packetSamples, parseHead } from "./opus.js";

/** The server sends silence while it waits for a source: nothing at all is a dead connection. */
const SILENT_AFTER_MS = 3_000;
const NOT_ON_AIR = 404;

export class Reception {
  #abort = new AbortController();
  /** Connections so far. */
  count = 0;
  #attempt = 0;
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
        await new Promise((resolve) => setTimeout(resolve, retryDelay(this.#attempt, Math.random())));
        this.#attempt += 1;
      }
    }
  }

  close() {
    this.#abort.abort();
  }

  /** @param {AbortSignal} closed */
  async #receive(closed) {
    const connection = new AbortController();
    const end = () => connection.abort();
    closed.addEventListener("abort", end);
    let watch = setTimeout(end, SILENT_AFTER_MS);
    try {
      const response = await fetch(this.address(this.count), { cache: "no-store", signal: connection.signal });
      this.#isOver = response.status === NOT_ON_AIR;
      if (!response.ok || !response.body) {
        throw new Error(`expected a stream, got status ${response.status}`);
      }
      const bytes = response.body.getReader();
      const ogg = new OggReader();
      for (let { done, value } = await bytes.read(); !done; { done, value } = await bytes.read()) {
        clearTimeout(watch);
        watch = setTimeout(end, SILENT_AFTER_MS);
        ogg.push(/** @type {Uint8Array} */ (value)).forEach((page) => this.#take(page));
      }
    } finally {
      clearTimeout(watch);
      closed.removeEventListener("abort", end);
      end();
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
      this.#attempt = 0;
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

/**
 * Decodes Opus packets by one of two engines: the browser's own decoder, or libopus in WebAssembly.
 *
 * Knows no Ogg and no network. Reports a failure once, by `fail`; an engine that returns nothing has failed too.
 *
 * @typedef {"webcodecs" | "wasm"} EngineName
 * @typedef {{arrivedMs: number, mediaMs: number | null}} Tag what is known of a packet, passed on with its samples
 * @typedef {(channels: Float32Array[], tag: Tag) => void} Output
 * @typedef {(error: unknown) => void} Fail
 *
 * @typedef {object} Engine
 * @property {(packet: Uint8Array) => void} decode its samples follow later, in the order of the packets; none follow a
 *   failure
 * @property {() => void} close
 *
 * @typedef {(channels: number, output: (channels: Float32Array[]) => void, fail: Fail) => Promise<Engine>} Open
 */

import { openWasm } from "./wasm.js";
import { openWebCodecs } from "./webcodecs.js";

/** @type {Record<EngineName, Open>} */
const ENGINES = { webcodecs: openWebCodecs, wasm: openWasm };

/** Some browsers return neither samples nor an error. An engine has failed after this many packets in this time; the
 *  time is for a backlog, which is as many packets at once but decoded in a moment. */
const SILENT_PACKETS = 50;
const SILENT_MS = 3_000;
/** At most this much of the time between two packets counts, which is the interval of slow sources: a page that was
 *  suspended for longer gets many packets at once, and its decoder may still work on an older one. */
const LONGEST_WAIT_MS = 1_000;

export class Decoder {
  /** @type {Tag[]} of packets that are being decoded */
  #tags = [];
  /** How long packets have arrived since the last samples. */
  #silentMs = 0;
  #arrivedMs = Infinity;
  /** @type {Engine | null} */
  #engine = null;

  /**
   * @param {EngineName} name
   * @param {number} channels
   * @param {Output} output is called with the samples of each packet, in the order of the packets
   * @param {Fail} fail
   * @returns {Promise<Decoder>}
   * @throws {Error} this browser does not have the engine
   */
  static async open(name, channels, output, fail) {
    const decoder = new Decoder(output, fail);
    decoder.#engine = await ENGINES[name](channels, (planes) => decoder.#onSamples(planes), fail);
    return decoder;
  }

  /**
   * @param {Output} output
   * @param {Fail} fail
   */
  constructor(output, fail) {
    this.output = output;
    this.fail = fail;
  }

  /**
   * @param {Uint8Array} packet
   * @param {Tag} tag
   */
  decode(packet, tag) {
    this.#tags.push(tag);
    this.#silentMs += Math.max(0, Math.min(LONGEST_WAIT_MS, tag.arrivedMs - this.#arrivedMs));
    this.#arrivedMs = tag.arrivedMs;
    if (this.#tags.length > SILENT_PACKETS && this.#silentMs > SILENT_MS) {
      this.fail(new Error(`expected sound, got none from ${SILENT_PACKETS} packets`));
      return;
    }
    this.#engine?.decode(packet);
  }

  close() {
    this.#engine?.close();
  }

  /** @param {Float32Array[]} planes */
  #onSamples(planes) {
    this.#silentMs = 0;
    const tag = this.#tags.shift();
    if (tag) {
      this.output(planes, tag);
    }
  }
}

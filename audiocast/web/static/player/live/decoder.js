/**
 * Opus packets to samples, by one of two engines: the browser's own, or ours in WebAssembly.
 *
 * Knows no Ogg and no network. Tells of failure once, by `fail`; silence without an error is one too.
 *
 * @typedef {"webcodecs" | "wasm"} EngineName
 * @typedef {{arrivedMs: number, mediaMs: number | null}} Tag what is known of a packet, handed on with its samples
 * @typedef {(channels: Float32Array[], tag: Tag) => void} Hear
 * @typedef {(error: unknown) => void} Fail
 *
 * @typedef {object} Engine
 * @property {(packet: Uint8Array) => void} decode its samples come later, in the order of the packets; after a failure
 *   nothing comes any more
 * @property {() => void} close
 *
 * @typedef {(channels: number, output: (channels: Float32Array[]) => void, fail: Fail) => Promise<Engine>} Open
 */

import { openWasm } from "./wasm.js";
import { openWebCodecs } from "./webcodecs.js";

/** @type {Record<EngineName, Open>} */
const ENGINES = { webcodecs: openWebCodecs, wasm: openWasm };

/** So many packets in for so long, and nothing out, and no error either: some browsers do that. A backlog that comes
 *  at once is as many packets, but a decoder is through with it in a moment. */
const SILENT_PACKETS = 50;
const SILENT_MS = 3_000;
/** Of the time between two packets so much counts, which is what slow sources take: who was asleep for longer has as
 *  many packets at once, and may wait for one from before. */
const AWAKE_MS = 1_000;

export class Decoder {
  /** @type {Tag[]} of packets that are being decoded */
  #tags = [];
  /** How long packets have come since the last sound. */
  #silentMs = 0;
  #arrivedMs = Infinity;
  /** @type {Engine | null} */
  #engine = null;

  /**
   * @param {EngineName} name
   * @param {number} channels
   * @param {Hear} hear is given the samples of each packet, in the order of the packets
   * @param {Fail} fail
   * @returns {Promise<Decoder>}
   * @throws {Error} there is no such engine here
   */
  static async open(name, channels, hear, fail) {
    const decoder = new Decoder(hear, fail);
    decoder.#engine = await ENGINES[name](channels, (planes) => decoder.#take(planes), fail);
    return decoder;
  }

  /**
   * @param {Hear} hear
   * @param {Fail} fail
   */
  constructor(hear, fail) {
    this.hear = hear;
    this.fail = fail;
  }

  /**
   * @param {Uint8Array} packet
   * @param {Tag} tag
   */
  decode(packet, tag) {
    this.#tags.push(tag);
    this.#silentMs += Math.max(0, Math.min(AWAKE_MS, tag.arrivedMs - this.#arrivedMs));
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
  #take(planes) {
    this.#silentMs = 0;
    const tag = this.#tags.shift();
    if (tag) {
      this.hear(planes, tag);
    }
  }
}

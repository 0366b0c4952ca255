/**
 * One listening, from a click to silence: joins reception, decoder and jitter buffer, and fades what breaks off.
 *
 * Decides nothing about what to do when it fails: tells who opened it, once it is open, until it is closed.
 *
 * @typedef {object} Owner
 * @property {(report: import("./jitter_buffer.js").Report) => void} report how the jitter buffer is, several times a second
 * @property {() => void} arrived a packet has
 * @property {(isOver: boolean) => void} lost a connection was; whether the stream is over
 * @property {(error: unknown) => void} fail it cannot play, and will not
 */

import { Decoder } from "./decoder.js";
import { Reception } from "./receiver.js";
import { openSink } from "./sink.js";

const FADE_SECONDS = 0.05;

export class Session {
  #isOpen = true;
  /** What was measured means nothing: of another logical stream, or over a connection that has begun with old sound. */
  #jumped = true;
  /** The decoder of the current logical stream, as soon as it is there. @type {Promise<Decoder | null>} */
  #decoder = Promise.resolve(null);
  #sink;

  /**
   * @param {AudioContext} context of 48 kHz
   * @param {AudioNode} output
   * @param {import("./decoder.js").EngineName} engine of the decoder
   * @param {(connection: number) => string} address of each connection, from 1 on
   * @param {import("./delay_target.js").Bounds} bounds
   * @param {Owner} owner
   */
  constructor(context, output, engine, address, bounds, owner) {
    this.context = context;
    this.engine = engine;
    this.owner = owner;
    this.fader = context.createGain();
    this.fader.connect(output);
    this.#sink = openSink(context, bounds, (report) => this.#isOpen && owner.report(report));
    this.#sink.then(
      (sink) => (this.#isOpen ? sink.node.connect(this.fader) : sink.close()),
      (error) => this.#fail(error),
    );
    this.reception = new Reception(address, {
      begins: (head) => this.#begin(head),
      packet: (packet, mediaMs) => this.#take(packet, mediaMs),
      lost: (isOver) => this.#lose(isOver),
      unable: (error) => this.#fail(error),
    });
    this.reception.run();
  }

  /** Lost connections so far. */
  get reconnections() {
    return Math.max(0, this.reception.count - 1);
  }

  /** The network or the tab is back: what is connected may be dead. */
  suspect() {
    this.reception.suspect();
  }

  /** Fade to silence, and let go of everything. */
  close() {
    this.#isOpen = false;
    this.reception.close();
    this.#decoder.then(
      (decoder) => decoder?.close(),
      () => {},
    ); // one that could not be opened needs no closing
    this.fader.gain.setTargetAtTime(0, this.context.currentTime, FADE_SECONDS / 4);
    setTimeout(() => {
      this.fader.disconnect();
      this.#sink.then(
        (sink) => sink.close(),
        () => {},
      ); // likewise
    }, FADE_SECONDS * 2_000);
  }

  /** @param {import("./opus.js").OpusHead} head */
  #begin(head) {
    this.#jumped = true;
    this.#decoder = this.#decoder.then(async (last) => {
      last?.close();
      const sink = await this.#sink;
      this.fader.gain.value = head.gain;
      return Decoder.open(
        this.engine,
        head.channels,
        (channels, tag) => this.#isOpen && sink.push(channels, tag),
        (error) => this.#fail(error),
      );
    });
    this.#decoder.catch((error) => this.#fail(error));
  }

  /**
   * @param {Uint8Array} packet
   * @param {number} mediaMs
   */
  #take(packet, mediaMs) {
    const tag = { arrivedMs: performance.now(), mediaMs: this.#jumped ? null : mediaMs };
    this.#jumped = false;
    this.owner.arrived();
    this.#decoder.then((decoder) => this.#isOpen && decoder?.decode(packet, tag)).catch((error) => this.#fail(error));
  }

  /** @param {boolean} isOver */
  #lose(isOver) {
    this.#jumped = true;
    if (this.#isOpen) {
      this.owner.lost(isOver);
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    if (this.#isOpen) {
      this.owner.fail(error);
    }
  }
}

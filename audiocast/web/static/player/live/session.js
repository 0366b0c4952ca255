/**
 * Playback from one click to silence: joins the receiver, the decoder and the jitter buffer, and fades out at the end.
 *
 * Makes no decision about failures: the session reports them to its owner, as long as it is open.
 *
 * @typedef {object} Owner
 * @property {(report: import("./buffer/jitter_buffer.js").Report) => void} report state of the jitter buffer, several times a second
 * @property {() => void} arrived a packet has arrived
 * @property {(soundMs: number) => void} decoding a decoder has a packet with so much sound
 * @property {(isOver: boolean) => void} lost a connection was lost; whether the stream is over
 * @property {(error: unknown) => void} failed this browser cannot play the stream
 */

import { SAMPLES_PER_MS } from "../../shared/sample_rate.js";
import { Decoder } from "./decoder.js";
import { packetSamples } from "./opus.js";
import { Receiver } from "./receiver.js";
import { openSink } from "./sink.js";

const FADE_SECONDS = 0.05;

export class PlaybackSession {
  #isOpen = true;
  /** The next packet's time does not follow from the last: another logical stream, or a new connection. */
  #hasJumped = true;
  /** The decoder of the current logical stream, once it is open. @type {Promise<Decoder | null>} */
  #decoder = Promise.resolve(null);
  #sink;

  /**
   * @param {AudioContext} context of 48 kHz
   * @param {AudioNode} output
   * @param {import("./decoder.js").EngineName} engine of the decoder
   * @param {(connection: number) => string} url of each connection, from 1 on
   * @param {import("./buffer/delay_target.js").Bounds} bounds
   * @param {Owner} owner
   */
  constructor(context, output, engine, url, bounds, owner) {
    this.context = context;
    this.engine = engine;
    this.owner = owner;
    this.fader = context.createGain();
    this.fader.connect(output);
    this.#sink = openSink(context, bounds, (report) => this.#isOpen && owner.report(report));
    this.#sink.then(
      (sink) => (this.#isOpen ? sink.node.connect(this.fader) : sink.close()),
      (error) => this.#onFailed(error),
    );
    this.receiver = new Receiver(url, bounds.burstMs ?? 0, {
      head: (head) => this.#startStream(head),
      packet: (packet, mediaMs) => this.#decode(packet, mediaMs),
      lost: (isOver) => this.#onLost(isOver),
      unsupported: (error) => this.#onFailed(error),
    });
    this.receiver.run();
  }

  /** Number of lost connections so far. */
  get reconnections() {
    return Math.max(0, this.receiver.connections - 1);
  }

  /** @param {number} burstMs how much sound the source sends at once, as the server has found meanwhile */
  expect(burstMs) {
    this.receiver.expect(burstMs);
    this.#sink.then(
      (sink) => this.#isOpen && sink.expect(burstMs),
      () => {},
    ); // one that could not be opened is reported already
  }

  /** The network or the tab is back: the connection may be dead. */
  checkConnection() {
    this.receiver.checkConnection();
  }

  /** Fade to silence, then release everything. */
  close() {
    this.#isOpen = false;
    this.receiver.close();
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
  #startStream(head) {
    this.#hasJumped = true;
    this.#decoder = this.#decoder.then(async (last) => {
      last?.close();
      const sink = await this.#sink;
      this.fader.gain.value = head.gain;
      return Decoder.open(
        this.engine,
        head.channels,
        (channels, tag) => this.#isOpen && sink.push(channels, tag),
        (error) => this.#onFailed(error),
      );
    });
    this.#decoder.catch((error) => this.#onFailed(error));
  }

  /**
   * @param {Uint8Array} packet
   * @param {number} mediaMs
   */
  #decode(packet, mediaMs) {
    const tag = { arrivedMs: performance.now(), mediaMs: this.#hasJumped ? null : mediaMs };
    this.#hasJumped = false;
    this.owner.arrived();
    this.#decoder
      .then((decoder) => {
        if (this.#isOpen && decoder) {
          decoder.decode(packet, tag);
          this.owner.decoding(packetSamples(packet) / SAMPLES_PER_MS);
        }
      })
      .catch((error) => this.#onFailed(error));
  }

  /** @param {boolean} isOver */
  #onLost(isOver) {
    this.#hasJumped = true;
    if (this.#isOpen) {
      this.owner.lost(isOver);
    }
  }

  /** @param {unknown} error */
  #onFailed(error) {
    if (this.#isOpen) {
      this.owner.failed(error);
    }
  }
}

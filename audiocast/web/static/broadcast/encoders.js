/**
 * Sound to Opus, by whatever this browser has. One encoder for each connection: its first message begins a stream.
 *
 * `AudioEncoder` gives bare packets, each a message; the server makes Ogg of them. Firefox on phones has none, but its
 * MediaRecorder writes Ogg by itself, a third of a second at a time. Other recorders write WebM or MP4, which nobody
 * here takes apart.
 *
 * @typedef {(message: Uint8Array<ArrayBuffer> | ArrayBuffer) => void} Send
 */

import { SAMPLE_RATE } from "../shared/sample_rate.js";

const CHANNELS = 2;
const BITS_A_SECOND = 96_000;
const FRAME_MICROSECONDS = 20_000;
const OGG = "audio/ogg;codecs=opus";
/** An encoder that is so many frames late will not catch up: sound is lost, and not late for ever. */
const MOST_WAITING = 25;

/**
 * @param {number} sampleRate
 * @returns {AudioEncoderConfig} with constant packets, since quiet ones would starve players that read in blocks
 */
function configuration(sampleRate) {
  return /** @type {AudioEncoderConfig} */ ({
    codec: "opus",
    sampleRate,
    numberOfChannels: CHANNELS,
    bitrate: BITS_A_SECOND,
    bitrateMode: "constant",
    opus: { application: "lowdelay", frameDuration: FRAME_MICROSECONDS },
  });
}

/** @returns {Promise<"packets" | "ogg" | "">} how this browser can encode; empty: it cannot */
export async function wayToEncode() {
  if (
    typeof AudioEncoder !== "undefined" &&
    (await AudioEncoder.isConfigSupported(configuration(SAMPLE_RATE))).supported
  ) {
    return "packets";
  }
  return typeof MediaRecorder !== "undefined" && MediaRecorder.isTypeSupported(OGG) ? "ogg" : "";
}

export class PacketEncoder {
  #frames = 0;

  /**
   * @param {number} sampleRate of the frames
   * @param {Send} send
   * @param {() => void} fail called once, when it cannot go on
   */
  constructor(sampleRate, send, fail) {
    this.sampleRate = sampleRate;
    this.encoder = new AudioEncoder({
      output: (chunk, about) => {
        if (about?.decoderConfig) {
          send(opusHead(about.decoderConfig.description, sampleRate));
        }
        const packet = new Uint8Array(chunk.byteLength);
        chunk.copyTo(packet);
        send(packet);
      },
      error: fail,
    });
    this.encoder.configure(configuration(sampleRate));
  }

  /** @param {Float32Array<ArrayBuffer>} samples left, then right */
  take(samples) {
    const timestamp = this.#frames * FRAME_MICROSECONDS;
    this.#frames += 1;
    if (this.encoder.state !== "configured" || this.encoder.encodeQueueSize > MOST_WAITING) {
      return;
    }
    const data = new AudioData({
      format: "f32-planar",
      sampleRate: this.sampleRate,
      numberOfFrames: samples.length / CHANNELS,
      numberOfChannels: CHANNELS,
      timestamp,
      data: samples,
    });
    this.encoder.encode(data);
    data.close();
  }

  close() {
    if (this.encoder.state !== "closed") {
      this.encoder.close();
    }
  }
}

export class OggRecorder {
  /** Pieces become bytes one after the other. @type {Promise<void>} */
  #sent = Promise.resolve();

  /**
   * @param {MediaStream} stream
   * @param {Send} send
   * @param {() => void} fail
   */
  constructor(stream, send, fail) {
    this.recorder = new MediaRecorder(stream, { mimeType: OGG, audioBitsPerSecond: BITS_A_SECOND });
    this.recorder.addEventListener("dataavailable", ({ data }) => {
      this.#sent = this.#sent.then(async () => {
        if (data.size) {
          send(await data.arrayBuffer());
        }
      });
    });
    this.recorder.addEventListener("error", fail);
    this.recorder.start(FRAME_MICROSECONDS / 1000);
  }

  /** The recorder hears the sound by itself. */
  take() {}

  close() {
    if (this.recorder.state !== "inactive") {
      this.recorder.stop();
    }
  }
}

/**
 * The head of the stream (RFC 7845 section 5.1): the encoder's own, or, from one that gives none, the usual.
 *
 * @param {AllowSharedBufferSource | undefined} description
 * @param {number} sampleRate
 */
function opusHead(description, sampleRate) {
  if (description) {
    return description instanceof ArrayBuffer ? new Uint8Array(description) : viewed(description);
  }
  const head = new DataView(new ArrayBuffer(19));
  [..."OpusHead"].forEach((letter, at) => head.setUint8(at, letter.charCodeAt(0)));
  head.setUint8(8, 1);
  head.setUint8(9, CHANNELS);
  // libopus looks 6.5 ms ahead unless it is told to be quick.
  head.setUint16(10, 312, true);
  head.setUint32(12, sampleRate, true);
  return new Uint8Array(head.buffer);
}

/** @param {AllowSharedBufferSource} source */
function viewed(source) {
  const { buffer, byteOffset, byteLength } = /** @type {ArrayBufferView} */ (source);
  return new Uint8Array(/** @type {ArrayBuffer} */ (buffer), byteOffset, byteLength);
}

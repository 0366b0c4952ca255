/**
 * Encodes to Opus, by the encoder that this browser has. Each connection has its own encoder, whose first message starts
 * a stream.
 *
 * `AudioEncoder` returns bare packets, each of which is a message; the server makes Ogg pages of them. Firefox on phones
 * has no AudioEncoder, but its MediaRecorder writes Ogg, a third of a second at a time. Other recorders write WebM or MP4,
 * which the server does not parse.
 *
 * @typedef {(message: Uint8Array<ArrayBuffer> | ArrayBuffer) => void} Send
 */

import { SAMPLE_RATE } from "../shared/sample_rate.js";

const CHANNELS = 2;
const BITRATE_BPS = 96_000;
const FRAME_MICROSECONDS = 20_000;
const OGG = "audio/ogg;codecs=opus";
/** An encoder that is this many frames behind will not catch up: frames are dropped, so that the delay stays short. */
const MOST_QUEUED_FRAMES = 25;

/**
 * @param {number} sampleRate
 * @returns {AudioEncoderConfig} with a constant bitrate: quiet sound would starve players that read in blocks
 */
function configuration(sampleRate) {
  return /** @type {AudioEncoderConfig} */ ({
    codec: "opus",
    sampleRate,
    numberOfChannels: CHANNELS,
    bitrate: BITRATE_BPS,
    bitrateMode: "constant",
    opus: { application: "lowdelay", frameDuration: FRAME_MICROSECONDS },
  });
}

/** @returns {Promise<"packets" | "ogg" | "">} how this browser can encode; empty where it cannot */
export async function encodingMethod() {
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
   * @param {() => void} fail called once, when the encoder cannot go on
   */
  constructor(sampleRate, send, fail) {
    this.sampleRate = sampleRate;
    this.encoder = new AudioEncoder({
      output: (chunk, about) => {
        if (about?.decoderConfig) {
          send(opusHeadOf(about.decoderConfig.description, sampleRate));
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
  encode(samples) {
    const timestamp = this.#frames * FRAME_MICROSECONDS;
    this.#frames += 1;
    if (this.encoder.state !== "configured" || this.encoder.encodeQueueSize > MOST_QUEUED_FRAMES) {
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
  /** The last piece that was read and sent: pieces keep their order. @type {Promise<void>} */
  #sent = Promise.resolve();

  /**
   * @param {MediaStream} stream
   * @param {Send} send
   * @param {() => void} fail
   */
  constructor(stream, send, fail) {
    this.recorder = new MediaRecorder(stream, { mimeType: OGG, audioBitsPerSecond: BITRATE_BPS });
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

  /** Nothing to do: the recorder reads the stream itself. */
  encode() {}

  close() {
    if (this.recorder.state !== "inactive") {
      this.recorder.stop();
    }
  }
}

/**
 * Return the OpusHead (RFC 7845 section 5.1) of the encoder, or the usual one where the encoder has none.
 *
 * @param {AllowSharedBufferSource | undefined} description
 * @param {number} sampleRate
 */
function opusHeadOf(description, sampleRate) {
  if (description) {
    return description instanceof ArrayBuffer ? new Uint8Array(description) : bytesOf(description);
  }
  const head = new DataView(new ArrayBuffer(19));
  [..."OpusHead"].forEach((letter, at) => head.setUint8(at, letter.charCodeAt(0)));
  head.setUint8(8, 1);
  head.setUint8(9, CHANNELS);
  // The look-ahead of libopus is 6.5 ms, except in its low-delay mode.
  head.setUint16(10, 312, true);
  head.setUint32(12, sampleRate, true);
  return new Uint8Array(head.buffer);
}

/** @param {AllowSharedBufferSource} source */
function bytesOf(source) {
  const { buffer, byteOffset, byteLength } = /** @type {ArrayBufferView} */ (source);
  return new Uint8Array(/** @type {ArrayBuffer} */ (buffer), byteOffset, byteLength);
}

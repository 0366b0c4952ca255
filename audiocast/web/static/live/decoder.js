/**
 * Opus packets to samples, by the browser's own decoder (WebCodecs, https://www.w3.org/TR/webcodecs/).
 *
 * Knows no Ogg and no network. Tells of failure once, by `fail`; silence without an error is one too.
 *
 * @typedef {{arrivedMs: number, mediaMs: number | null}} Tag what is known of a packet, handed on with its samples
 * @typedef {(channels: Float32Array[], tag: Tag) => void} Hear
 * @typedef {(error: unknown) => void} Fail
 */

import { SAMPLE_RATE, packetSamples } from "./opus.js";

/** So many packets in for so long, and nothing out, and no error either: some browsers do that. A backlog that comes
 *  at once is as many packets, but a decoder is through with it in a moment. */
const SILENT_PACKETS = 50;
const SILENT_MS = 3_000;

/** Safari takes Opus at 48 kHz only. @param {number} channels */
const configuration = (channels) => ({ codec: "opus", sampleRate: SAMPLE_RATE, numberOfChannels: channels });

export class Decoder {
  /** @type {Tag[]} of packets that are being decoded */
  #tags = [];
  /** Sent to it so far. */
  #samples = 0;

  /**
   * @param {number} channels
   * @param {Hear} hear is given the samples of each packet, in the order of the packets
   * @param {Fail} fail
   * @returns {Promise<Decoder>}
   * @throws {Error} the browser has none
   */
  static async open(channels, hear, fail) {
    const { supported } = await AudioDecoder.isConfigSupported(configuration(channels));
    if (!supported) {
      throw new Error("expected an AudioDecoder that takes Opus, this one does not");
    }
    return new Decoder(channels, hear, fail);
  }

  /**
   * @param {number} channels
   * @param {Hear} hear
   * @param {Fail} fail
   */
  constructor(channels, hear, fail) {
    this.fail = fail;
    this.codec = new AudioDecoder({
      output: (sound) => {
        const planes = planesOf(sound);
        sound.close();
        const tag = this.#tags.shift();
        if (tag) {
          hear(planes, tag);
        }
      },
      error: fail,
    });
    this.codec.configure(configuration(channels));
  }

  /**
   * @param {Uint8Array} packet
   * @param {Tag} tag
   */
  decode(packet, tag) {
    if (this.codec.state !== "configured") {
      return; // it has failed, and said so
    }
    this.#tags.push(tag);
    if (this.#tags.length > SILENT_PACKETS && tag.arrivedMs - this.#tags[0].arrivedMs > SILENT_MS) {
      this.fail(new Error(`expected sound, got none from ${SILENT_PACKETS} packets`));
      return;
    }
    // Times that do not grow by what is sent make Firefox give nothing back.
    const [timestamp, duration] = [this.#samples, packetSamples(packet)].map(microseconds);
    this.#samples += packetSamples(packet);
    this.codec.decode(new EncodedAudioChunk({ type: "key", timestamp, duration, data: packet }));
  }

  close() {
    if (this.codec.state !== "closed") {
      this.codec.close();
    }
  }
}

/** @param {number} samples */
function microseconds(samples) {
  return Math.round((samples / SAMPLE_RATE) * 1e6);
}

/** @param {AudioData} sound */
function planesOf(sound) {
  return Array.from({ length: sound.numberOfChannels }, (_, planeIndex) => {
    const plane = new Float32Array(sound.numberOfFrames);
    sound.copyTo(plane, { planeIndex, format: "f32-planar" });
    return plane;
  });
}

/**
 * The browser's own decoder (WebCodecs, https://www.w3.org/TR/webcodecs/), as an engine of decoder.js.
 */

import { SAMPLE_RATE } from "../../shared/sample_rate.js";
import { packetSamples } from "./opus.js";

/** @type {import("./decoder.js").Open} */
export async function openWebCodecs(channels, output, fail) {
  // Safari takes Opus at 48 kHz only.
  const configuration = { codec: "opus", sampleRate: SAMPLE_RATE, numberOfChannels: channels };
  const { supported } = await AudioDecoder.isConfigSupported(configuration);
  if (!supported) {
    throw new Error("expected an AudioDecoder that takes Opus, this one does not");
  }
  const codec = new AudioDecoder({
    output: (audio) => {
      const planes = planesOf(audio);
      audio.close();
      output(planes);
    },
    error: fail,
  });
  codec.configure(configuration);
  let sentSamples = 0;
  return {
    decode(packet) {
      if (codec.state !== "configured") {
        return; // the codec has failed and reported it
      }
      // Firefox returns nothing unless each timestamp is the sum of the durations before.
      const [timestamp, duration] = [sentSamples, packetSamples(packet)].map(microseconds);
      sentSamples += packetSamples(packet);
      codec.decode(new EncodedAudioChunk({ type: "key", timestamp, duration, data: packet }));
    },
    close() {
      if (codec.state !== "closed") {
        codec.close();
      }
    },
  };
}

/** @param {number} samples */
function microseconds(samples) {
  return Math.round((samples / SAMPLE_RATE) * 1e6);
}

/** @param {AudioData} audio */
function planesOf(audio) {
  return Array.from({ length: audio.numberOfChannels }, (_, planeIndex) => {
    const plane = new Float32Array(audio.numberOfFrames);
    audio.copyTo(plane, { planeIndex, format: "f32-planar" });
    return plane;
  });
}

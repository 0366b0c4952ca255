/**
 * Where decoded samples go: a jitter buffer on the audio thread or, where that has no AudioWorklet (over plain HTTP from
 * another host no browser has) or cannot load it, one that is played by a timer.
 *
 * @typedef {object} Sink
 * @property {AudioNode} node what is to be connected
 * @property {(channels: Float32Array[], tag: import("./decoder.js").Tag) => void} push takes the samples away
 * @property {() => void} close no report comes any more
 *
 * @typedef {(report: import("./jitter_buffer.js").Report) => void} Hear
 */

import { WorkletSink } from "./worklet_sink.js";

/**
 * @param {AudioContext} context of 48 kHz
 * @param {import("./delay_target.js").Bounds} bounds
 * @param {Hear} hear called with each report
 * @returns {Promise<Sink>}
 */
export async function openSink(context, bounds, hear) {
  if (context.audioWorklet) {
    try {
      return await WorkletSink.open(context, bounds, hear);
    } catch (error) {
      console.warn("audiocast: no audio worklet, a timer plays:", error);
    }
  }
  const { TimerSink } = await import("./timer_sink.js"); // few need it, and it brings the buffer with it
  return new TimerSink(context, bounds, hear);
}

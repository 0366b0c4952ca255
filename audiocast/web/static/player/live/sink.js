/**
 * Where decoded samples go: a jitter buffer on the audio thread, or one that a timer plays, where there is no
 * AudioWorklet (no browser has one over plain HTTP from another host) or its module cannot be loaded.
 *
 * @typedef {object} Sink
 * @property {AudioNode} node the sound
 * @property {(channels: Float32Array[], tag: import("./decoder.js").Tag) => void} push transfers the samples
 * @property {(burstMs: number) => void} expect says how much sound the source sends at once, as the server has found meanwhile
 * @property {() => void} close stops the reports
 *
 * @typedef {(report: import("./buffer/jitter_buffer.js").Report) => void} OnReport
 */

import { WorkletSink } from "./worklet_sink.js";

/**
 * @param {AudioContext} context of 48 kHz
 * @param {import("./buffer/delay_target.js").Bounds} bounds
 * @param {OnReport} onReport called with each report
 * @returns {Promise<Sink>}
 */
export async function openSink(context, bounds, onReport) {
  if (context.audioWorklet) {
    try {
      return await WorkletSink.open(context, bounds, onReport);
    } catch (error) {
      console.warn("audiocast: no audio worklet, a timer plays:", error);
    }
  }
  const { TimerSink } = await import("./timer_sink.js"); // few need it, and it brings the buffer with it
  return new TimerSink(context, bounds, onReport);
}

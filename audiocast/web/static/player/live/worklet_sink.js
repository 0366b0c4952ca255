/**
 * The page's end of the jitter buffer on the audio thread: a node whose processor is in worklet.js. See sink.js.
 */

const CHANNELS = 2;

export class WorkletSink {
  /**
   * @param {AudioContext} context of 48 kHz
   * @param {import("./buffer/delay_target.js").Bounds} bounds
   * @param {(report: import("./buffer/jitter_buffer.js").Report) => void} onReport called with each report
   * @returns {Promise<WorkletSink>}
   */
  static async open(context, bounds, onReport) {
    await context.audioWorklet.addModule(new URL("./worklet.js", import.meta.url));
    return new WorkletSink(context, bounds, onReport);
  }

  /**
   * @param {AudioContext} context
   * @param {import("./buffer/delay_target.js").Bounds} bounds
   * @param {(report: import("./buffer/jitter_buffer.js").Report) => void} onReport
   */
  constructor(context, bounds, onReport) {
    this.node = new AudioWorkletNode(context, "jitter-buffer", {
      numberOfInputs: 0,
      outputChannelCount: [CHANNELS],
      processorOptions: bounds,
    });
    this.node.port.onmessage = ({ data }) => onReport(data);
  }

  /**
   * @param {Float32Array[]} channels transferred, empty afterwards
   * @param {import("./decoder.js").Tag} tag
   */
  push(channels, { arrivedMs, mediaMs }) {
    this.node.port.postMessage(
      { channels, arrivedMs, mediaMs, waitedMs: performance.now() - arrivedMs },
      channels.map((channel) => channel.buffer),
    );
  }

  /** @param {number} burstMs how much sound the source sends at once, as the server has found meanwhile */
  expect(burstMs) {
    this.node.port.postMessage({ burstMs });
  }

  /** Stop the reports and end the processor. */
  close() {
    this.node.port.onmessage = null;
    this.node.port.postMessage(null);
    this.node.disconnect();
  }
}

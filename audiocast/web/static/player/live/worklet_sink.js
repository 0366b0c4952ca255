/**
 * The jitter buffer on the audio thread, as the page has it: a node whose processor is in worklet.js. See sink.js.
 */

const CHANNELS = 2;

export class WorkletSink {
  /**
   * @param {AudioContext} context of 48 kHz
   * @param {import("./delay_target.js").Bounds} bounds
   * @param {(report: import("./jitter_buffer.js").Report) => void} hear called with each report
   * @returns {Promise<WorkletSink>}
   */
  static async open(context, bounds, hear) {
    await context.audioWorklet.addModule(new URL("./worklet.js", import.meta.url));
    return new WorkletSink(context, bounds, hear);
  }

  /**
   * @param {AudioContext} context
   * @param {import("./delay_target.js").Bounds} bounds
   * @param {(report: import("./jitter_buffer.js").Report) => void} hear
   */
  constructor(context, bounds, hear) {
    this.node = new AudioWorkletNode(context, "jitter-buffer", {
      numberOfInputs: 0,
      outputChannelCount: [CHANNELS],
      processorOptions: bounds,
    });
    this.node.port.onmessage = ({ data }) => hear(data);
  }

  /**
   * @param {Float32Array[]} channels taken away
   * @param {import("./decoder.js").Tag} tag
   */
  push(channels, { arrivedMs, mediaMs }) {
    this.node.port.postMessage(
      { channels, arrivedMs, mediaMs },
      channels.map((channel) => channel.buffer),
    );
  }

  /** No report comes any more. */
  close() {
    this.node.port.onmessage = null;
    this.node.port.postMessage(null);
    this.node.disconnect();
  }
}

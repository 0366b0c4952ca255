/**
 * The jitter buffer on the audio thread. Its messages are `{channels, arrivedMs, mediaMs, waitedMs}` or `{burstMs}` in,
 * or null for the end, and reports out.
 */

import { JitterBuffer } from "./buffer/jitter_buffer.js";
import { Reports } from "./buffer/reports.js";

class JitterBufferProcessor extends AudioWorkletProcessor {
  /** @param {{processorOptions: import("./buffer/delay_target.js").Bounds}} options */
  constructor(options) {
    super();
    this.buffer = new JitterBuffer(options.processorOptions);
    this.reports = new Reports((report) => this.port.postMessage(report));
    this.isOpen = true;
    this.port.onmessage = ({ data }) => {
      if (data === null) {
        this.isOpen = false;
      } else if ("burstMs" in data) {
        this.buffer.expect(data.burstMs);
      } else {
        this.buffer.push(data.channels, data.arrivedMs, data.mediaMs, data.waitedMs);
      }
    };
  }

  /**
   * @param {Float32Array[][]} inputs
   * @param {Float32Array[][]} outputs
   */
  process(inputs, outputs) {
    this.buffer.pull(outputs[0]);
    this.reports.offer(this.buffer.report(), currentTime);
    return this.isOpen;
  }
}

registerProcessor("jitter-buffer", JitterBufferProcessor);

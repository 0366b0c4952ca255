/**
 * The jitter buffer on the audio thread. It is given `{channels, arrivedMs, mediaMs}` and tells how it is, four times a
 * second and whenever sound begins or ends.
 */

import { JitterBuffer } from "./jitter_buffer.js";

const REPORT_SECONDS = 0.25;

class JitterBufferProcessor extends AudioWorkletProcessor {
  /** @param {{processorOptions: import("./delay_target.js").Bounds}} options */
  constructor(options) {
    super();
    this.buffer = new JitterBuffer(options.processorOptions);
    this.reportAt = 0;
    this.wasPlaying = false;
    this.isOpen = true;
    this.port.onmessage = ({ data }) => {
      if (data === null) {
        this.isOpen = false;
      } else {
        this.buffer.push(data.channels, data.arrivedMs, data.mediaMs);
      }
    };
  }

  /**
   * @param {Float32Array[][]} inputs
   * @param {Float32Array[][]} outputs
   */
  process(inputs, outputs) {
    this.buffer.pull(outputs[0]);
    const report = this.buffer.report();
    if (report.isPlaying !== this.wasPlaying || currentTime >= this.reportAt) {
      this.wasPlaying = report.isPlaying;
      this.reportAt = currentTime + REPORT_SECONDS;
      this.port.postMessage(report);
    }
    return this.isOpen;
  }
}

registerProcessor("jitter-buffer", JitterBufferProcessor);

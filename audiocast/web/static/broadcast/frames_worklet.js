/**
 * Runs on the audio thread: joins blocks of 128 samples into frames of one Opus packet.
 *
 * A message is a frame: its samples, left and then right. Without an input the worklet posts silence, since
 * time goes on for listeners too. Its output is silent, so that the node may be connected to the destination.
 */

const CHANNELS = 2;

class FramesProcessor extends AudioWorkletProcessor {
  /** @param {{processorOptions: {frameSamples: number}}} options length of a frame */
  constructor(options) {
    super();
    this.frameSamples = options.processorOptions.frameSamples;
    this.samples = this.#newFrame();
    this.filled = 0;
  }

  #newFrame() {
    return new Float32Array(CHANNELS * this.frameSamples);
  }

  /** @param {Float32Array[][]} inputs */
  process([input]) {
    const [left, right = left] = input;
    const count = left?.length ?? 128;
    for (let at = 0; at < count; at += 1) {
      if (left) {
        this.samples[this.filled] = left[at];
        this.samples[this.frameSamples + this.filled] = right[at];
      }
      this.filled += 1;
      if (this.filled === this.frameSamples) {
        this.port.postMessage(this.samples, [this.samples.buffer]);
        this.samples = this.#newFrame();
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("frames", FramesProcessor);

/**
 * Runs where the audio does: gathers blocks of 128 samples to frames of one Opus packet, and measures their peaks.
 *
 * A frame is posted as its samples, left and then right, and its peak. Where no input is connected it posts silence:
 * time goes on for listeners too. It gives no sound, and so may be connected to the loudspeakers.
 */

const CHANNELS = 2;

class Frames extends AudioWorkletProcessor {
  /** @param {{processorOptions: {frameSamples: number}}} options how long a frame is */
  constructor(options) {
    super();
    this.frameSamples = options.processorOptions.frameSamples;
    this.samples = this.#newFrame();
    this.filled = 0;
    this.peak = 0;
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
        this.peak = Math.max(this.peak, Math.abs(left[at]), Math.abs(right[at]));
      }
      this.filled += 1;
      if (this.filled === this.frameSamples) {
        this.port.postMessage({ samples: this.samples, peak: this.peak }, [this.samples.buffer]);
        this.samples = this.#newFrame();
        this.filled = 0;
        this.peak = 0;
      }
    }
    return true;
  }
}

registerProcessor("frames", Frames);

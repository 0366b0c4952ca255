/**
 * Limits the sound on the audio thread, and measures it: how high its peaks are as it comes in, and how loud it is as it
 * goes out. A message in begins the loudness of the show anew; messages out are Reports, see capture.js.
 */

import { Limiter } from "./sound/limiter.js";
import { LoudnessMeter } from "./sound/loudness.js";

const REPORT_SAMPLES = 1_920;

class LimiterProcessor extends AudioWorkletProcessor {
  constructor() {
    super();
    this.limiter = new Limiter();
    this.meter = new LoudnessMeter();
    this.samples = 0;
    this.port.onmessage = () => this.meter.restart();
  }

  /**
   * @param {Float32Array[][]} inputs
   * @param {Float32Array[][]} outputs stereo
   */
  process([input], [output]) {
    const [left = new Float32Array(output[0].length), right = left] = input;
    this.limiter.process([left, right], output);
    this.meter.push(output);
    this.samples += output[0].length;
    if (this.samples >= REPORT_SAMPLES) {
      this.samples = 0;
      this.#report();
    }
    return true;
  }

  #report() {
    const { limiter, meter } = this;
    this.port.postMessage({
      peaks: [...limiter.peaks],
      gain: limiter.lowestGain,
      momentary: meter.momentary,
      shortTerm: meter.shortTerm,
      integrated: meter.integrated,
    });
    limiter.peaks.fill(0);
    limiter.lowestGain = 1;
  }
}

registerProcessor("limiter", LimiterProcessor);

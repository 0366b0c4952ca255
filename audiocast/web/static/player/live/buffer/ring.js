/**
 * A ring of samples in two channels, between the decoder and the playback: when it is full, the oldest are dropped.
 *
 * The ring can be read between samples too, so that playback can be a little faster or slower. Knows no time.
 */

/** A value between samples is made from so many samples on either side. */
export const REACH_SAMPLES = 8;
const TAPS = 2 * REACH_SAMPLES;
const PHASES = 256;
/** A windowed sinc (Hann) for each place between two samples; values between places are mixed from two. */
const KERNELS = Array.from({ length: PHASES + 1 }, (_, phase) => kernel(phase / PHASES));

export class Ring {
  /** Sample number of the end; like `begin`, the number only grows. */
  end = REACH_SAMPLES;
  /** Sample number of the next one to be played, with a fraction. */
  begin = REACH_SAMPLES;

  /** @param {number} capacity samples of each channel */
  constructor(capacity) {
    this.capacity = capacity;
    this.channels = [new Float32Array(capacity), new Float32Array(capacity)];
  }

  get length() {
    return this.end - this.begin;
  }

  /** @param {Float32Array[]} channels one or two, of the same length; one is played on both sides */
  push(channels) {
    const samples = channels[0].length;
    this.channels.forEach((own, index) => {
      const given = channels[Math.min(index, channels.length - 1)];
      for (let sample = 0; sample < samples; sample += 1) {
        own[(this.end + sample) % this.capacity] = given[sample];
      }
    });
    this.end += samples;
    this.begin = Math.max(this.begin, this.end - this.capacity + REACH_SAMPLES);
  }

  /**
   * Return one value: at a whole place the sample itself; elsewhere `REACH_SAMPLES` samples must lie ahead.
   *
   * @param {number} channel
   * @param {number} ahead whole samples after `begin`
   */
  read(channel, ahead = 0) {
    const { capacity, begin } = this;
    const samples = this.channels[channel];
    const at = Math.floor(begin);
    const phase = (begin - at) * PHASES;
    if (phase === 0) {
      return samples[(at + ahead) % capacity];
    }
    const lower = KERNELS[Math.floor(phase)];
    const upper = KERNELS[Math.floor(phase) + 1];
    const mix = phase - Math.floor(phase);
    let place = (at + ahead - (REACH_SAMPLES - 1)) % capacity;
    let value = 0;
    for (let tap = 0; tap < TAPS; tap += 1) {
      value += samples[place] * (lower[tap] + mix * (upper[tap] - lower[tap]));
      place = place + 1 === capacity ? 0 : place + 1;
    }
    return value;
  }

  /**
   * @param {number} samples how many from `begin` on
   * @param {number} level
   * @returns {boolean} whether all of them are within the level
   */
  isWithin(samples, level) {
    for (let at = Math.floor(this.begin); at < this.begin + samples; at += 1) {
      const place = at % this.capacity;
      if (Math.abs(this.channels[0][place]) > level || Math.abs(this.channels[1][place]) > level) {
        return false;
      }
    }
    return true;
  }
}

/**
 * @param {number} fraction of the way from one sample to the next
 * @returns {Float32Array} weights whose sum is 1, so that the level is the same at every fraction
 */
function kernel(fraction) {
  const weights = Array.from({ length: TAPS }, (_, tap) => {
    const x = tap - (REACH_SAMPLES - 1) - fraction;
    const window = Math.abs(x) < REACH_SAMPLES ? 0.5 + 0.5 * Math.cos((Math.PI * x) / REACH_SAMPLES) : 0;
    return x === 0 ? 1 : (Math.sin(Math.PI * x) / (Math.PI * x)) * window;
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return Float32Array.from(weights, (weight) => weight / sum);
}

/**
 * The jitter buffer: samples arrive in pieces at any time, and leave evenly and without a click.
 *
 * Owns the samples, and decides what happens to them: hold back, play, play 1 % faster or slower, skip. Knows no
 * network, no browser and no clock; time is the number of samples pulled. So the same module runs in an AudioWorklet
 * and in tests.
 *
 *   filling --enough--> playing, which skips samples when the sound is far too late
 *      ^---underrun-------'
 *
 * Sound starts and ends under a fade of 5 ms; a skip in the middle is a cross-fade of the same length. The first moment
 * of filling is concealed (concealment.js): the synthetic samples lie in the ring behind the real ones, and those that
 * are not needed are skipped. At the start and after an outage, filling lasts a moment longer than the target asks for:
 * a network delivers all that it held up at once, and the oldest of it is never played.
 *
 * @typedef {object} Report
 * @property {boolean} isPlaying false while the buffer fills
 * @property {number} bufferMs length of the buffered sound, smoothed
 * @property {number} delayMs how long ago the sound that is played now would have arrived, had it been as punctual as the
 *   most punctual of late; smoothed, and the length of the buffered sound while the buffer fills
 * @property {number} targetMs
 * @property {number} jitterMs
 * @property {number} rate
 * @property {number} underruns how often the buffer ran dry
 * @property {number} missingMs how long there was nothing to play since the first sound, concealed or not
 * @property {number} skippedMs length of what was skipped to be on time again
 */

import { SAMPLES_PER_MS } from "../../../shared/sample_rate.js";
import { LONGEST_MS } from "./aim.js";
import { SEAM_SAMPLES, conceal } from "./concealment.js";
import { DelayTarget } from "./delay_target.js";
import { REACH_SAMPLES, Ring } from "./ring.js";

const FADE_SAMPLES = 5 * SAMPLES_PER_MS;
/** At the start and after a long gap, filling goes on for this long, until all that was held up has arrived. */
const SETTLING_SAMPLES = 30 * SAMPLES_PER_MS;
const LONG_GAP_SAMPLES = 500 * SAMPLES_PER_MS;
/** At most this much faster or slower: a sixth of a semitone, reached slowly. */
const LARGEST_RATE_CHANGE = 0.01;
/** The rate changes in proportion to the error, and by its largest amount from this error on. */
const FULL_RATE_CHANGE_MS = 80;
/** Share by which the smoothed length approaches the real one with each sample, and the rate with each call. */
const LEVEL_SMOOTHING_PER_SAMPLE = 1 / (400 * SAMPLES_PER_MS);
const RATE_SMOOTHING = 1 / 50;
/** Samples are skipped when the sound is later than both: this length, and this share of the target. A source that
 *  sends a second at a time makes the buffer rise and fall by half of the target. */
const SKIP_OVER_MS = 250;
const SKIP_OVER_SHARE = 0.75;
/** In silence, below -66 dB, a piece can be skipped without a trace. */
const SILENCE_LEVEL = 0.0005;
const SILENT_PIECE_SAMPLES = 10 * SAMPLES_PER_MS;
const SPARE_MS = 15;
/** Room for the longest target, and for as much to come at once while it is reached. */
const CAPACITY_MS = 2 * LONGEST_MS;

export class JitterBuffer {
  #target;
  #ring;
  #isPlaying = false;
  #gain = 0;
  #rate = 1;
  #smoothedSamples = 0;
  #smoothedDelay = 0;
  /** Samples that are being skipped, and how much of their cross-fade is still to come. */
  #skipSamples = 0;
  #skipFadeSamples = 0;
  /** Sample number of the end of the synthetic samples, until they are played. */
  #concealedUntil = 0;
  #arrivedMs = 0;
  #samplesSinceArrival = 0;
  #settledSamples = 0;
  #gapSamples = 0;
  #hasPlayed = false;
  #underruns = 0;
  #missingSamples = 0;
  #skippedSamples = 0;

  /** @param {import("./delay_target.js").Bounds} bounds */
  constructor(bounds) {
    this.#target = new DelayTarget(bounds);
    this.#ring = new Ring(CAPACITY_MS * SAMPLES_PER_MS);
  }

  /**
   * @param {Float32Array[]} channels one or two
   * @param {number} arrivedMs time of arrival, by any clock
   * @param {number | null} mediaMs place of their end in the stream; null after a jump
   * @param {number} [waitedMs] how long ago they arrived: decoding takes time
   */
  push(channels, arrivedMs, mediaMs, waitedMs = 0) {
    if (mediaMs === null) {
      this.#target.reset();
    } else {
      this.#target.arrived(arrivedMs, mediaMs, channels[0].length / SAMPLES_PER_MS);
    }
    this.#ring.push(channels);
    this.#arrivedMs = arrivedMs;
    this.#samplesSinceArrival = waitedMs * SAMPLES_PER_MS;
  }

  /** @param {number} burstMs how much sound the source sends at once, as the server has found meanwhile */
  expect(burstMs) {
    this.#target.expect(burstMs);
  }

  /** @param {Float32Array[]} outputs one or two, filled to the end */
  pull(outputs) {
    const samples = outputs[0].length;
    this.#update(samples);
    for (let sample = 0; sample < samples; sample += 1) {
      this.#fade();
      for (let channel = 0; channel < outputs.length; channel += 1) {
        outputs[channel][sample] = this.#gain === 0 ? 0 : this.#gain * this.#value(channel);
      }
      if (this.#gain > 0) {
        this.#ring.begin += this.#rate;
      }
      if (!this.#isPlaying) {
        this.#gapSamples += 1;
      }
    }
    this.#samplesSinceArrival += samples;
  }

  /** @returns {Report} */
  report() {
    return {
      isPlaying: this.#isPlaying,
      bufferMs: (this.#isPlaying ? this.#smoothedSamples : this.#inHand) / SAMPLES_PER_MS,
      delayMs: (this.#isPlaying ? this.#smoothedDelay : this.#inHand) / SAMPLES_PER_MS,
      targetMs: this.#target.ms,
      jitterMs: this.#target.jitterMs,
      rate: this.#rate,
      underruns: this.#underruns,
      missingMs: (this.#missingSamples + (this.#hasPlayed ? this.#gapSamples : 0)) / SAMPLES_PER_MS,
      skippedMs: this.#skippedSamples / SAMPLES_PER_MS,
    };
  }

  /** Real samples that are not played yet. */
  get #inHand() {
    return this.#ring.end - this.#begin;
  }

  /** Sample number of the first real sample that is not played yet. */
  get #begin() {
    return Math.max(this.#ring.begin, this.#concealedUntil);
  }

  /** How late the sound is that is played now, in samples. The length of the buffered sound rises and falls with each
   *  burst of the source; the delay does not. */
  get #delay() {
    return this.#inHand + this.#samplesSinceArrival + this.#target.latenessMs * SAMPLES_PER_MS;
  }

  /** What there is to start with, in samples. A burst that is short of the target may wait for as long instead. */
  get #startable() {
    const wait = (this.#target.ms - this.#target.burstMs) * SAMPLES_PER_MS;
    const waited = this.#target.burstMs > 0 ? Math.max(0, Math.min(this.#samplesSinceArrival, wait)) : 0;
    return this.#inHand + waited;
  }

  /** @param {number} samples number of samples that are pulled now */
  #update(samples) {
    const ring = this.#ring;
    const target = this.#target.ms * SAMPLES_PER_MS;
    const smoothing = Math.min(1, samples * LEVEL_SMOOTHING_PER_SAMPLE);
    this.#smoothedSamples += (this.#inHand - this.#smoothedSamples) * smoothing;
    this.#smoothedDelay += (this.#delay - this.#smoothedDelay) * smoothing;
    if (!this.#isPlaying) {
      if (this.#startable >= target) {
        this.#settledSamples += samples;
        this.#start(target);
      }
      return;
    }
    const excess = (this.#target.burstMs > 0 ? this.#smoothedDelay : this.#smoothedSamples) - target;
    this.#adjustRate(excess);
    const spare = ring.length - target;
    // This call at the highest rate, and the samples that the synthetic ones are made from.
    if (ring.length < samples * (1 + LARGEST_RATE_CHANGE) + SEAM_SAMPLES + REACH_SAMPLES) {
      this.#underrun();
    } else if (this.#skipFadeSamples > 0) {
      return;
    } else if (spare > Math.max(SKIP_OVER_MS * SAMPLES_PER_MS, SKIP_OVER_SHARE * target)) {
      this.#skip(Math.floor(spare));
    } else if (excess > SPARE_MS * SAMPLES_PER_MS && spare > 0 && ring.isWithin(SILENT_PIECE_SAMPLES, SILENCE_LEVEL)) {
      this.#skip(SILENT_PIECE_SAMPLES);
    }
  }

  /** @param {number} target samples to start with; older ones are never played */
  #start(target) {
    const mustSettle = !this.#hasPlayed || this.#gapSamples > LONG_GAP_SAMPLES;
    if (mustSettle && this.#settledSamples < SETTLING_SAMPLES) {
      return;
    }
    const older = Math.max(0, Math.floor(this.#inHand - target));
    const ahead = Math.floor(this.#begin + older - this.#ring.begin);
    if (this.#hasPlayed) {
      this.#skippedSamples += older;
      this.#missingSamples += this.#gapSamples;
    }
    this.#concealedUntil = 0;
    this.#skipSamples = ahead;
    this.#skipFadeSamples = this.#gain === 0 ? 0 : FADE_SAMPLES;
    if (this.#skipFadeSamples === 0) {
      this.#ring.begin += ahead;
    }
    this.#smoothedSamples = this.#ring.length;
    this.#smoothedDelay = this.#delay;
    this.#gapSamples = 0;
    this.#hasPlayed = true;
    this.#isPlaying = true;
  }

  #underrun() {
    this.#isPlaying = false;
    this.#settledSamples = 0;
    this.#underruns += 1;
    this.#rate = 1;
    conceal(this.#ring);
    this.#concealedUntil = this.#ring.end;
    this.#target.underrun(this.#arrivedMs + this.#samplesSinceArrival / SAMPLES_PER_MS);
  }

  /** @param {number} excess samples of delay that are too many, or too few if negative */
  #adjustRate(excess) {
    const wanted = excess / (FULL_RATE_CHANGE_MS * SAMPLES_PER_MS);
    const change = LARGEST_RATE_CHANGE * Math.max(-1, Math.min(1, wanted));
    this.#rate += (1 + change - this.#rate) * RATE_SMOOTHING;
  }

  /** @param {number} samples a whole number, so that both sides of the cross-fade lie between the same samples */
  #skip(samples) {
    this.#skipSamples = samples;
    this.#skipFadeSamples = FADE_SAMPLES;
    this.#skippedSamples += samples;
  }

  /** @param {number} channel */
  #value(channel) {
    const old = this.#ring.read(channel);
    if (this.#skipFadeSamples === 0) {
      return old;
    }
    const share = this.#skipFadeSamples / FADE_SAMPLES;
    return share * old + (1 - share) * this.#ring.read(channel, this.#skipSamples);
  }

  /** Move the fades by one sample: up while there is something to play, else down. */
  #fade() {
    const isAudible = this.#isPlaying || this.#ring.begin < this.#concealedUntil - 2 * FADE_SAMPLES;
    const step = isAudible ? 1 : -1;
    this.#gain = Math.max(0, Math.min(1, this.#gain + step / FADE_SAMPLES));
    if (this.#skipFadeSamples > 0) {
      this.#skipFadeSamples -= 1;
      if (this.#skipFadeSamples === 0) {
        this.#ring.begin += this.#skipSamples;
        this.#smoothedSamples -= this.#skipSamples;
        this.#smoothedDelay -= this.#skipSamples;
      }
    }
  }
}

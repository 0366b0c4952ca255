/**
 * Sound in hand between network and ear: comes in pieces whenever they come, goes out evenly and without a click.
 *
 * Owns the samples, and the decision what to do with them: hold back, play, run 1 % faster or slower, leave out. Knows
 * no network, no browser and no clock: time is what has been pulled out of it. So it runs in an AudioWorklet, and in
 * tests.
 *
 *   filling --enough--> playing, which leaves sound out when it is too late by far
 *      ^---nearly dry-----'
 *
 * Sound begins and ends under a fade of 5 ms, and what is left out in the middle under a cross-fade of as much. The
 * first moment of filling is concealed (concealment.js): the made-up sound lies in the ring behind the real one, and what
 * is not needed of it is left out. At the start and after an outage filling waits a moment longer than for enough,
 * since what a network has held up comes all at once: its old part is never heard.
 *
 * @typedef {object} Report
 * @property {boolean} isPlaying whether there is enough in hand
 * @property {number} bufferMs in hand, evened out
 * @property {number} targetMs
 * @property {number} jitterMs
 * @property {number} rate
 * @property {number} holes how often it ran dry
 * @property {number} missingMs how long there was nothing to play after it had begun, concealed or not
 * @property {number} skippedMs what was left out to be on time again
 */

import { SAMPLES_PER_MS } from "../../shared/sample_rate.js";
import { SEAM, conceal } from "./concealment.js";
import { DelayTarget } from "./delay_target.js";
import { REACH, Ring } from "./ring.js";

const FADE_SAMPLES = 5 * SAMPLES_PER_MS;
/** At the start and after a long hole: so much longer than for enough, until all that was held up has come. */
const SETTLING_SAMPLES = 30 * SAMPLES_PER_MS;
const LONG_HOLE_SAMPLES = 500 * SAMPLES_PER_MS;
/** At most this much faster or slower: a sixth of a semitone, and slowly reached. */
const LARGEST_STEER = 0.01;
/** Out by this much: steered with all there is. */
const FULL_STEER_MS = 80;
/** How fast the level is evened out, by the sample, and how fast the rate follows, by the round. */
const LEVEL_FOLLOWS = 1 / (400 * SAMPLES_PER_MS);
const RATE_FOLLOWS = 1 / 50;
/** Too late by this much, or by this share of the target: leave out, do not run. What comes a second at a time goes up
 *  and down by half of the target. */
const SKIP_OVER_MS = 250;
const SKIP_OVER_SHARE = 0.75;
/** In silence a piece can be left out without a trace, at -66 dB. */
const SILENCE = 0.0005;
const SILENT_PIECE_SAMPLES = 10 * SAMPLES_PER_MS;
const SPARE_MS = 15;
const CAPACITY_OVER_CEILING_MS = 4_000;

export class JitterBuffer {
  #target;
  #ring;
  #isPlaying = false;
  #gain = 0;
  #rate = 1;
  #level = 0;
  /** Samples that are being left out, and how much of their cross-fade is still to come. */
  #leap = 0;
  #leapFade = 0;
  /** Sample number of the end of what is made up, while it is not played through. */
  #concealedUntil = 0;
  #arrivedMs = 0;
  #samplesSinceArrival = 0;
  #settled = 0;
  #hole = 0;
  #hasPlayed = false;
  #holes = 0;
  #missing = 0;
  #skipped = 0;

  /** @param {import("./delay_target.js").Bounds} bounds */
  constructor(bounds) {
    this.#target = new DelayTarget(bounds);
    this.#ring = new Ring(Math.ceil((bounds.ceilingMs + CAPACITY_OVER_CEILING_MS) * SAMPLES_PER_MS));
  }

  /**
   * @param {Float32Array[]} channels one or two
   * @param {number} arrivedMs by whatever clock
   * @param {number | null} mediaMs the place of their end in the stream; null where it has jumped
   */
  push(channels, arrivedMs, mediaMs) {
    if (mediaMs === null) {
      this.#target.forget();
    } else {
      this.#target.arrived(arrivedMs, mediaMs, channels[0].length / SAMPLES_PER_MS);
    }
    this.#ring.push(channels);
    this.#arrivedMs = arrivedMs;
    this.#samplesSinceArrival = 0;
  }

  /** @param {Float32Array[]} outputs one or two, filled to the end */
  pull(outputs) {
    const samples = outputs[0].length;
    this.#decide(samples);
    for (let sample = 0; sample < samples; sample += 1) {
      this.#fade();
      for (let channel = 0; channel < outputs.length; channel += 1) {
        outputs[channel][sample] = this.#gain === 0 ? 0 : this.#gain * this.#value(channel);
      }
      if (this.#gain > 0) {
        this.#ring.begin += this.#rate;
      }
      if (!this.#isPlaying) {
        this.#hole += 1;
      }
    }
    this.#samplesSinceArrival += samples;
  }

  /** @returns {Report} */
  report() {
    return {
      isPlaying: this.#isPlaying,
      bufferMs: (this.#isPlaying ? this.#level : this.#inHand) / SAMPLES_PER_MS,
      targetMs: this.#target.ms,
      jitterMs: this.#target.jitterMs,
      rate: this.#rate,
      holes: this.#holes,
      missingMs: (this.#missing + (this.#hasPlayed ? this.#hole : 0)) / SAMPLES_PER_MS,
      skippedMs: this.#skipped / SAMPLES_PER_MS,
    };
  }

  /** Samples that have come and were not played. */
  get #inHand() {
    return this.#ring.end - this.#beginsAt;
  }

  /** Sample number of the first of them. */
  get #beginsAt() {
    return Math.max(this.#ring.begin, this.#concealedUntil);
  }

  /** @param {number} samples that are about to be played */
  #decide(samples) {
    const ring = this.#ring;
    const target = this.#target.ms * SAMPLES_PER_MS;
    this.#level += (this.#inHand - this.#level) * Math.min(1, samples * LEVEL_FOLLOWS);
    if (!this.#isPlaying) {
      if (this.#inHand >= target) {
        this.#settled += samples;
        this.#begin(target);
      }
      return;
    }
    this.#steer(target);
    const spare = ring.length - target;
    // What is still needed: this round at its fastest, and the samples that others are made from.
    if (ring.length < samples * (1 + LARGEST_STEER) + SEAM + REACH) {
      this.#runDry();
    } else if (this.#leapFade > 0) {
      return;
    } else if (spare > Math.max(SKIP_OVER_MS * SAMPLES_PER_MS, SKIP_OVER_SHARE * target)) {
      this.#leaveOut(Math.floor(spare));
    } else if (
      this.#level - target > SPARE_MS * SAMPLES_PER_MS &&
      spare > 0 &&
      ring.isWithin(SILENT_PIECE_SAMPLES, SILENCE)
    ) {
      this.#leaveOut(SILENT_PIECE_SAMPLES);
    }
  }

  /** @param {number} target samples to begin with; what is older is never heard */
  #begin(target) {
    const mustSettle = !this.#hasPlayed || this.#hole > LONG_HOLE_SAMPLES;
    if (mustSettle && this.#settled < SETTLING_SAMPLES) {
      return;
    }
    const older = Math.max(0, Math.floor(this.#inHand - target));
    const ahead = Math.floor(this.#beginsAt + older - this.#ring.begin);
    if (this.#hasPlayed) {
      this.#skipped += older;
      this.#missing += this.#hole;
    }
    this.#concealedUntil = 0;
    this.#leap = ahead;
    this.#leapFade = this.#gain === 0 ? 0 : FADE_SAMPLES;
    if (this.#leapFade === 0) {
      this.#ring.begin += ahead;
    }
    this.#level = this.#ring.length;
    this.#hole = 0;
    this.#hasPlayed = true;
    this.#isPlaying = true;
  }

  #runDry() {
    this.#isPlaying = false;
    this.#settled = 0;
    this.#holes += 1;
    this.#rate = 1;
    conceal(this.#ring);
    this.#concealedUntil = this.#ring.end;
    this.#target.ranDry(this.#arrivedMs + this.#samplesSinceArrival / SAMPLES_PER_MS);
  }

  /** @param {number} target samples */
  #steer(target) {
    const wanted = (this.#level - target) / (FULL_STEER_MS * SAMPLES_PER_MS);
    const steer = LARGEST_STEER * Math.max(-1, Math.min(1, wanted));
    this.#rate += (1 + steer - this.#rate) * RATE_FOLLOWS;
  }

  /** @param {number} samples a whole number of them, so that both sides of the cross-fade lie between the same samples */
  #leaveOut(samples) {
    this.#leap = samples;
    this.#leapFade = FADE_SAMPLES;
    this.#skipped += samples;
  }

  /** @param {number} channel */
  #value(channel) {
    const old = this.#ring.read(channel);
    if (this.#leapFade === 0) {
      return old;
    }
    const share = this.#leapFade / FADE_SAMPLES;
    return share * old + (1 - share) * this.#ring.read(channel, this.#leap);
  }

  /** A fade moves by one step with each sample, up while there is something to play and else down. */
  #fade() {
    const isHeard = this.#isPlaying || this.#ring.begin < this.#concealedUntil - 2 * FADE_SAMPLES;
    const step = isHeard ? 1 : -1;
    this.#gain = Math.max(0, Math.min(1, this.#gain + step / FADE_SAMPLES));
    if (this.#leapFade > 0) {
      this.#leapFade -= 1;
      if (this.#leapFade === 0) {
        this.#ring.begin += this.#leap;
        this.#level -= this.#leap;
      }
    }
  }
}

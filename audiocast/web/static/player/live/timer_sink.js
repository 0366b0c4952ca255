/**
 * The jitter buffer in the page, played by a timer: blocks of sound that are scheduled back to back. See sink.js.
 *
 * How far ahead is a compromise: a timer that comes later than that leaves a hole, and all of it is delay. So it begins
 * with little and takes more after each hole. The last block is always scheduled with a fade at its end, which the next
 * one takes away: a hole does not click.
 */

import { JitterBuffer } from "./jitter_buffer.js";
import { Reports } from "./reports.js";

const CHANNELS = 2;
const TICK_MS = 10;
const BLOCK_SECONDS = 0.01;
const LEAD_SECONDS = 0.06;
const LEAD_RAISE_SECONDS = 0.02;
const LEAD_MOST_SECONDS = 0.3;
const FADE_SECONDS = 0.005;
/** The page's view of the audio clock lags behind: what is closer than this may be sounding already. */
const UNSAFE_SECONDS = 0.015;

export class TimerSink {
  #leadSeconds = LEAD_SECONDS;
  /** Until when sound is scheduled; 0 before the first. */
  #endSeconds = 0;
  #holes = 0;
  #missingSeconds = 0;
  #reports;
  #timer;

  /**
   * @param {AudioContext} context of 48 kHz
   * @param {import("./delay_target.js").Bounds} bounds
   * @param {import("./sink.js").Hear} hear
   */
  constructor(context, bounds, hear) {
    this.context = context;
    this.buffer = new JitterBuffer(bounds);
    this.node = context.createGain();
    this.#reports = new Reports(hear);
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /**
   * @param {Float32Array[]} channels
   * @param {import("./decoder.js").Tag} tag
   */
  push(channels, { arrivedMs, mediaMs }) {
    this.buffer.push(channels, arrivedMs, mediaMs);
  }

  close() {
    clearInterval(this.#timer);
    this.node.disconnect();
  }

  #tick() {
    const now = this.context.currentTime;
    if (this.#endSeconds < now + this.#leadSeconds) {
      if (this.#endSeconds < now + UNSAFE_SECONDS) {
        this.#begin(now);
      } else {
        this.node.gain.cancelScheduledValues(this.#endSeconds - FADE_SECONDS);
      }
      while (this.#endSeconds < now + this.#leadSeconds) {
        this.#schedule();
      }
      this.#ramp(this.#endSeconds - FADE_SECONDS, 1, 0);
    }
    this.#reports.offer(this.#report(), now);
  }

  /** At the start, and when the timer came too late. @param {number} now */
  #begin(now) {
    const begin = Math.max(now + UNSAFE_SECONDS, this.#endSeconds);
    if (this.#endSeconds > 0) {
      this.#holes += 1;
      this.#missingSeconds += begin - this.#endSeconds;
      this.#leadSeconds = Math.min(LEAD_MOST_SECONDS, this.#leadSeconds + LEAD_RAISE_SECONDS);
    }
    const { sampleRate } = this.context;
    this.#endSeconds = Math.ceil(begin * sampleRate) / sampleRate;
    this.#ramp(this.#endSeconds, 0, 1);
  }

  #schedule() {
    const { context } = this;
    const block = context.createBuffer(CHANNELS, BLOCK_SECONDS * context.sampleRate, context.sampleRate);
    this.buffer.pull([block.getChannelData(0), block.getChannelData(1)]);
    const source = context.createBufferSource();
    source.buffer = block;
    source.connect(this.node);
    source.start(this.#endSeconds);
    this.#endSeconds += block.duration;
  }

  /**
   * @param {number} beginSeconds
   * @param {number} from
   * @param {number} to
   */
  #ramp(beginSeconds, from, to) {
    this.node.gain.setValueAtTime(from, beginSeconds);
    this.node.gain.linearRampToValueAtTime(to, beginSeconds + FADE_SECONDS);
  }

  #report() {
    const report = this.buffer.report();
    const leadMs = report.isPlaying ? 1000 * this.#leadSeconds : 0;
    return {
      ...report,
      bufferMs: report.bufferMs + leadMs,
      targetMs: report.targetMs + leadMs,
      holes: report.holes + this.#holes,
      missingMs: report.missingMs + 1000 * this.#missingSeconds,
    };
  }
}

/**
 * The jitter buffer in the page, played by a timer that schedules blocks back to back. See sink.js.
 *
 * How far ahead the blocks are scheduled is a compromise: a timer that fires later than that is an underrun, and the
 * lead adds to the delay. So the lead starts small and grows with each underrun. The last block is scheduled with a
 * fade at its end, which the next block removes: an underrun does not click.
 */

import { JitterBuffer } from "./buffer/jitter_buffer.js";
import { Reports } from "./buffer/reports.js";

const CHANNELS = 2;
const TICK_MS = 10;
const BLOCK_SECONDS = 0.01;
const LEAD_SECONDS = 0.06;
const LEAD_RAISE_SECONDS = 0.02;
const LEAD_MOST_SECONDS = 0.3;
const FADE_SECONDS = 0.005;
/** The audio clock that a page sees lags behind: a time closer than this may be in the past already. */
const UNSAFE_SECONDS = 0.015;

export class TimerSink {
  #leadSeconds = LEAD_SECONDS;
  /** End of the last scheduled block, by the audio clock; 0 before the first. */
  #endSeconds = 0;
  #underruns = 0;
  #missingSeconds = 0;
  #reports;
  #timer;

  /**
   * @param {AudioContext} context of 48 kHz
   * @param {import("./buffer/delay_target.js").Bounds} bounds
   * @param {import("./sink.js").OnReport} onReport
   */
  constructor(context, bounds, onReport) {
    this.context = context;
    this.buffer = new JitterBuffer(bounds);
    this.node = context.createGain();
    this.#reports = new Reports(onReport);
    this.#timer = setInterval(() => this.#scheduleBlocks(), TICK_MS);
  }

  /**
   * @param {Float32Array[]} channels
   * @param {import("./decoder.js").Tag} tag
   */
  push(channels, { arrivedMs, mediaMs }) {
    this.buffer.push(channels, arrivedMs, mediaMs, performance.now() - arrivedMs);
  }

  /** @param {number} burstMs how much sound the source sends at once, as the server has found meanwhile */
  expect(burstMs) {
    this.buffer.expect(burstMs);
  }

  close() {
    clearInterval(this.#timer);
    this.node.disconnect();
  }

  #scheduleBlocks() {
    if (this.context.state !== "running") {
      return; // nobody would hear them
    }
    const now = this.context.currentTime;
    if (this.#endSeconds < now + this.#leadSeconds) {
      if (this.#endSeconds < now + UNSAFE_SECONDS) {
        this.#restart(now);
      } else {
        this.node.gain.cancelScheduledValues(this.#endSeconds - FADE_SECONDS);
      }
      while (this.#endSeconds < now + this.#leadSeconds) {
        this.#scheduleBlock();
      }
      this.#ramp(this.#endSeconds - FADE_SECONDS, 1, 0);
    }
    this.#reports.offer(this.#report(), now);
  }

  /**
   * Start with a fade, at first and after a timer that fired too late.
   *
   * @param {number} now time of the audio clock, in seconds
   */
  #restart(now) {
    const begin = Math.max(now + UNSAFE_SECONDS, this.#endSeconds);
    if (this.#endSeconds > 0) {
      this.#underruns += 1;
      this.#missingSeconds += begin - this.#endSeconds;
      this.#leadSeconds = Math.min(LEAD_MOST_SECONDS, this.#leadSeconds + LEAD_RAISE_SECONDS);
    }
    const { sampleRate } = this.context;
    this.#endSeconds = Math.ceil(begin * sampleRate) / sampleRate;
    this.#ramp(this.#endSeconds, 0, 1);
  }

  #scheduleBlock() {
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
      delayMs: report.delayMs + leadMs,
      targetMs: report.targetMs + leadMs,
      underruns: report.underruns + this.#underruns,
      missingMs: report.missingMs + 1000 * this.#missingSeconds,
    };
  }
}

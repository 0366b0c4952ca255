/**
 * The jitter buffer that a timer plays: its blocks join without a seam, and a timer that is late leaves a hole without a
 * click. The audio context is made up; every sample that it would play is looked at.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { MODES } from "../../../audiocast/web/static/player/live/playback_methods.js";
import { TimerSink } from "../../../audiocast/web/static/player/live/timer_sink.js";
import { PACKET_MS, TONE_BEND, sound } from "./network.js";

const RATE = 48_000;
const TICK_MS = 10;
/** A fade of 5 ms bends a tone a little more than it bends by itself. */
const MOST_BEND = 4 * TONE_BEND;

class Gain {
  /** @type {{at: number, value: number, isRamp: boolean}[]} */
  events = [];

  setValueAtTime(value, at) {
    this.events.push({ at, value, isRamp: false });
  }

  linearRampToValueAtTime(value, at) {
    this.events.push({ at, value, isRamp: true });
  }

  cancelScheduledValues(from) {
    this.events = this.events.filter(({ at }) => at < from);
  }

  valueAt(time) {
    const next = this.events.findIndex(({ at }) => at > time);
    const last = this.events[(next < 0 ? this.events.length : next) - 1] ?? { at: 0, value: 1 };
    const ramp = this.events[next];
    return ramp?.isRamp
      ? last.value + ((ramp.value - last.value) * (time - last.at)) / (ramp.at - last.at)
      : last.value;
  }
}

class Context {
  state = "running";
  sampleRate = RATE;
  currentTime = 0;
  gain = new Gain();
  /** What was played, and what will be, on the left. @type {number[]} */
  played = [];
  ahead = new Float32Array(RATE * 20);

  createGain() {
    return { gain: this.gain, connect() {}, disconnect() {} };
  }

  createBuffer(channels, length) {
    const data = Array.from({ length: channels }, () => new Float32Array(length));
    return { duration: length / RATE, getChannelData: (channel) => data[channel] };
  }

  createBufferSource() {
    const context = this;
    return {
      buffer: null,
      connect() {},
      start(at) {
        const place = Math.round(at * RATE);
        assert.ok(place >= context.played.length, "expected a block that begins later than now");
        this.buffer.getChannelData(0).forEach((value, sample) => (context.ahead[place + sample] += value));
      },
    };
  }

  playTo(seconds) {
    while (this.played.length < Math.round(seconds * RATE)) {
      const sample = this.played.length;
      this.played.push(this.ahead[sample] * this.gain.valueAt(sample / RATE));
    }
    this.currentTime = seconds;
  }
}

/**
 * Listen to a tone over a good network.
 *
 * @param {number} seconds
 * @param {(ms: number) => boolean} isHeldUp whether the timer is, by whatever else the page does
 */
function listen(seconds, isHeldUp = () => false) {
  const context = new Context();
  let tick = () => {};
  const real = globalThis.setInterval;
  globalThis.setInterval = (run) => (tick = run);
  let report;
  const sink = new TimerSink(context, MODES.live.bounds, (each) => (report = each));
  globalThis.setInterval = real;
  for (let ms = 0; ms < seconds * 1000; ms += TICK_MS) {
    context.playTo(ms / 1000);
    if (ms % PACKET_MS === 0) {
      sink.push([sound(ms / PACKET_MS, () => 1)[0]], { arrivedMs: ms, mediaMs: ms + PACKET_MS });
    }
    if (!isHeldUp(ms)) {
      tick();
    }
  }
  const bends = context.played.map((value, at, all) => Math.abs(value - 2 * (all[at - 1] ?? 0) + (all[at - 2] ?? 0)));
  return { report, played: context.played, mostBend: bends.reduce((most, bend) => Math.max(most, bend), 0) };
}

/** @param {number[]} played */
function silentMs(played) {
  return (played.filter((value) => value === 0).length * 1000) / RATE;
}

test("blocks are played one after the other without a seam", () => {
  const { report, played, mostBend } = listen(5);
  assert.ok(mostBend <= MOST_BEND, `expected no click, the sound bends by ${mostBend}`);
  assert.equal(report.underruns, 0);
  assert.ok(silentMs(played.slice(RATE)) < 50, "expected sound from the first second on");
});

test("a timer that is late for less than what is ahead is not heard", () => {
  const { report, mostBend } = listen(5, (ms) => ms % 1000 > 900 && ms % 1000 < 930);
  assert.ok(mostBend <= MOST_BEND, `expected no click, the sound bends by ${mostBend}`);
  assert.equal(report.underruns, 0);
});

test("a timer that comes too late leaves a hole without a click, and then more is ahead", () => {
  const once = listen(8, (ms) => ms > 2000 && ms < 2200);
  assert.ok(once.mostBend <= MOST_BEND, `expected no click, the sound bends by ${once.mostBend}`);
  assert.ok(once.report.underruns >= 1);
  assert.ok(once.report.missingMs > 50);
  assert.ok(silentMs(once.played.slice(3 * RATE)) < 50, "expected sound again");
  // What would have been too late before is not so any more.
  const twice = listen(8, (ms) => (ms > 2000 && ms < 2200) || (ms > 5000 && ms < 5055));
  assert.equal(twice.report.underruns, once.report.underruns);
  assert.ok(listen(8, (ms) => ms > 5000 && ms < 5055).report.underruns > 0);
});

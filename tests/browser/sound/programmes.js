/**
 * Programmes to measure: the test signals of EBU Tech 3341, speech, and music.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { decoded, SAMPLE_RATE } from "./judge.js";

/** @typedef {import("./judge.js").Stereo} Stereo */

const TEXT =
  "Good evening, and welcome to the programme. Tonight we read you the news of the town, then there is music. " +
  "Peter Piper picked a peck of pickled peppers! What? Yes. Stay with us, and thank you for listening.";

/**
 * Steps of a sine of 1 kHz, the same in both channels.
 *
 * @param {[number, number][]} steps seconds, and the level in dBFS (of the peak)
 * @returns {Stereo}
 */
export function tones(steps) {
  const levels = steps.flatMap(([seconds, dbfs]) =>
    new Array(Math.round(seconds * SAMPLE_RATE)).fill(10 ** (dbfs / 20)),
  );
  const left = Float32Array.from(levels, (level, at) => level * Math.sin((2 * Math.PI * 1000 * at) / SAMPLE_RATE));
  return [left, left];
}

/**
 * A second of a sine whose samples miss its peaks.
 *
 * @param {number} divisor its frequency is the sample rate by this
 * @param {number} degrees its phase
 * @param {number} amplitude 1 for full scale
 * @returns {Stereo}
 */
export function offBeat(divisor, degrees, amplitude) {
  const left = Float32Array.from({ length: SAMPLE_RATE }, (_, at) => {
    // It comes and goes softly: a filter overshoots where a sine begins at once.
    const fade = Math.min(1, at / 4800, (SAMPLE_RATE - at) / 4800);
    const phase = (2 * Math.PI * at) / divisor + (degrees * Math.PI) / 180;
    return amplitude * 0.5 * (1 - Math.cos(Math.PI * fade)) * Math.sin(phase);
  });
  return [left, left];
}

/** @returns {Stereo} a voice */
export function speech() {
  const folder = mkdtempSync(join(tmpdir(), "speech-"));
  const file = join(folder, "speech.wav");
  try {
    execFileSync("espeak-ng", ["-w", file, "-s", "160", TEXT]);
    return decoded(["-i", file]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * A band: drums, a bass and chords, not the same left and right.
 *
 * @param {number} seconds
 * @returns {Stereo}
 */
export function music(seconds) {
  const noise = random(1);
  const length = seconds * SAMPLE_RATE;
  const left = new Float32Array(length);
  const right = new Float32Array(length);
  for (let at = 0; at < length; at += 1) {
    const time = at / SAMPLE_RATE;
    const beat = (time * 2) % 1;
    const bar = Math.floor(time / 2) % 4;
    const root = 110 * 2 ** ([0, 5, 7, 3][bar] / 12);
    const kick = Math.sin(2 * Math.PI * (55 * beat + 8 * (1 - Math.exp(-beat * 30)))) * Math.exp(-beat * 12);
    const isBack = Math.floor(time * 2) % 2 === 1;
    const snare = (isBack ? 0.6 : 0.08) * noise() * Math.exp(-beat * 22);
    const hat = 0.25 * noise() * Math.exp(-((time * 8) % 1) * 9);
    const bass = 0.4 * saw(time * (root / 2));
    let chord = [0, 0];
    [1, 1.26, 1.498, 2.01].forEach((ratio, voice) => {
      const sample = 0.12 * saw(time * root * 2 * ratio * (1 + 0.0007 * voice));
      chord = [chord[0] + sample * (0.4 + 0.2 * voice), chord[1] + sample * (1 - 0.2 * voice)];
    });
    const both = 0.8 * kick + snare + bass;
    left[at] = 0.4 * (both + hat + chord[0]);
    right[at] = 0.4 * (both - 0.5 * hat + chord[1]);
  }
  return [left, right];
}

/**
 * White noise, another one on each side.
 *
 * @param {number} seconds
 * @returns {Stereo}
 */
export function hiss(seconds) {
  const noise = random(2);
  return [0, 1].map(() => Float32Array.from({ length: seconds * SAMPLE_RATE }, () => 0.5 * noise()));
}

/**
 * @param {Stereo} sound
 * @param {number} decibels
 * @returns {Stereo}
 */
export function louder(sound, decibels) {
  return sound.map((channel) => channel.map((sample) => sample * 10 ** (decibels / 20)));
}

/** @param {number} phase in turns */
function saw(phase) {
  return 2 * (phase - Math.floor(phase)) - 1;
}

/**
 * Mulberry32: the same numbers each time.
 *
 * @param {number} seed
 * @returns {() => number} from -1 to 1
 */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

/**
 * The judge of loudness and true peaks: ffmpeg's filter ebur128, which descends from libebur128 and is in every Debian. Its
 * peaks are found by another oversampler than ours.
 */

import { spawnSync } from "node:child_process";

export const SAMPLE_RATE = 48_000;
const PCM = ["-f", "f32le", "-ar", String(SAMPLE_RATE), "-ac", "2"];
const MOST_BYTES = 2 ** 30;

/** @typedef {Float32Array[]} Stereo left and right, 48 kHz, 1 for full scale */

/**
 * What the broadcaster's page asks its browser's encoder for, in the words of ffmpeg: both have libopus. Chromium honours
 * "lowdelay", Firefox does not.
 *
 * @typedef {"lowdelay" | "audio"} Application
 */

/**
 * @param {Stereo} sound
 * @returns {{momentary: number[], shortTerm: number[], integrated: number, truePeak: number}} LUFS each 100 ms; dBTP
 */
export function judge(sound) {
  const filter = "ebur128=peak=true:metadata=1,ametadata=mode=print:file=-";
  const { stdout, stderr } = ffmpeg([...PCM, "-i", "pipe:0", "-af", filter, "-f", "null", "-"], interleaved(sound));
  const log = stdout.toString();
  const summary = stderr.slice(stderr.lastIndexOf("Summary:"));
  return {
    momentary: numbers(log, /r128\.M=(\S+)/g),
    shortTerm: numbers(log, /r128\.S=(\S+)/g),
    integrated: numbers(summary, /I:\s+(\S+) LUFS/g)[0],
    truePeak: numbers(summary, /Peak:\s+(\S+) dBFS/g)[0],
  };
}

/**
 * Return what a listener hears of a sound: encoded as the page does it, and decoded.
 *
 * @param {Stereo} sound
 * @param {Application} [application]
 * @returns {Stereo}
 */
export function sentAndHeard(sound, application = "lowdelay") {
  const encoder = ["-c:a", "libopus", "-b:a", "96k", "-vbr", "off", "-frame_duration", "20"];
  const opus = ffmpeg(
    [...PCM, "-i", "pipe:0", ...encoder, "-application", application, "-f", "ogg", "-"],
    interleaved(sound),
  );
  return stereo(ffmpeg(["-c:a", "libopus", "-i", "pipe:0", ...PCM, "-"], opus.stdout).stdout);
}

/**
 * @param {string[]} input of ffmpeg
 * @returns {Stereo}
 */
export function decoded(input) {
  return stereo(ffmpeg([...input, ...PCM, "-"]).stdout);
}

/**
 * @param {string[]} options
 * @param {Uint8Array} [input]
 */
function ffmpeg(options, input) {
  const done = spawnSync("ffmpeg", ["-hide_banner", "-nostats", ...options], { input, maxBuffer: MOST_BYTES });
  const stderr = String(done.stderr);
  if (done.status !== 0) {
    throw new Error(`ffmpeg ${options.join(" ")}: ${stderr.slice(-1000)}`);
  }
  return { stdout: done.stdout, stderr };
}

/** @param {Stereo} sound */
function interleaved([left, right]) {
  const samples = new Float32Array(2 * left.length);
  left.forEach((sample, at) => {
    samples[2 * at] = sample;
    samples[2 * at + 1] = right[at];
  });
  return new Uint8Array(samples.buffer);
}

/**
 * @param {Buffer} bytes
 * @returns {Stereo}
 */
function stereo(bytes) {
  const samples = new Float32Array(new Uint8Array(bytes).buffer);
  return [0, 1].map((channel) =>
    Float32Array.from({ length: samples.length / 2 }, (_, at) => samples[2 * at + channel]),
  );
}

/**
 * @param {string} text
 * @param {RegExp} pattern with one group
 */
function numbers(text, pattern) {
  return [...text.matchAll(pattern)].map(([, number]) => Number(number));
}

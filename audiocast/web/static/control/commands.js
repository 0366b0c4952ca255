/**
 * Commands that send audio to an ingest URL, one for each kind of source. Pure functions of text.
 */

import { icecastUrl, needsTls } from "./icecast.js";

/** For all sources; -page_duration is in microseconds, and FFmpeg's default is a whole second. */
const ENCODER = "-c:a libopus -b:a 96k -application lowdelay -frame_duration 20 -page_duration 20000 -vbr off";
const OUTPUT = "-f ogg -content_type audio/ogg";

/** The names are the keys of strings.js: `send.source.{name}` and `send.about.{name}`. In the order of their tabs. */
const SOURCES = {
  icecast: (/** @type {string} */ ingestUrl, /** @type {string} */ key) => {
    const tls = needsTls(ingestUrl) ? "-tls 1 " : "";
    return `ffmpeg -re -i music.mp3 -vn ${ENCODER} ${OUTPUT} ${tls}"${icecastUrl(ingestUrl, key)}"`;
  },
  linux: post("-f pulse -i default"),
  macos: post('-f avfoundation -i ":0"'),
  windows: post('-f dshow -i audio="Microphone"'),
  file: post("-re -i music.mp3 -vn"),
  // curl alone sends seconds at a time, even with --limit-rate, so FFmpeg sets the pace here too.
  curl: (/** @type {string} */ ingestUrl, /** @type {string} */ key) =>
    `ffmpeg -v error -re -i music.opus -c copy -page_duration 20000 -f ogg - | ` +
    `curl -T - -H "Content-Type: audio/ogg" "${keyed(ingestUrl, key)}"`,
};

/** @typedef {keyof typeof SOURCES} Source */

export const SOURCE_NAMES = /** @type {Source[]} */ (Object.keys(SOURCES));

/**
 * @param {Source} source
 * @param {string} ingestUrl without the key
 * @param {string} key
 * @returns {string} one line, for sh as well as for cmd.exe
 */
export function command(source, ingestUrl, key) {
  return SOURCES[source](ingestUrl, key);
}

/** @param {string} input FFmpeg's options for the input */
function post(input) {
  return (/** @type {string} */ ingestUrl, /** @type {string} */ key) =>
    `ffmpeg ${input} ${ENCODER} ${OUTPUT} -method POST -send_expect_100 1 "${keyed(ingestUrl, key)}"`;
}

/**
 * @param {string} ingestUrl
 * @param {string} key
 */
function keyed(ingestUrl, key) {
  return `${ingestUrl}?key=${encodeURIComponent(key)}`;
}

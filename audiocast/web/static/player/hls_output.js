/**
 * Sound of one stream as HLS by an audio element: for Safari from 17 on, which until 18.4 plays Opus so and not in Ogg.
 *
 * Six seconds behind, and nothing of it is ours: the element reads the playlist and all that it lists.
 */

import { ElementOutput } from "./element_output.js";

const PLAYLIST = "application/vnd.apple.mpegurl";
/** Safari and others differ in how they spell it. */
const MEDIA = ['audio/mp4; codecs="opus"', 'audio/mp4; codecs="Opus"'];

export class HlsOutput extends ElementOutput {
  name = "hls";

  /** The same for all who listen, so that caches know it; how old it may be is the server's to say. */
  address() {
    return `${this.streamPath}/hls/index.m3u8`;
  }
}

/** @param {HTMLAudioElement} audio */
export function canPlayHls(audio) {
  return audio.canPlayType(PLAYLIST) !== "" && MEDIA.some((type) => audio.canPlayType(type) !== "");
}

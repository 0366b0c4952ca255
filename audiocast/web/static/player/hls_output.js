/**
 * Plays a stream as HLS by an audio element: for Safari from 17 on, which until 18.4 plays Opus in MP4 and not in Ogg.
 *
 * The sound is six seconds behind the source. The element itself reads the playlist and the segments.
 */

import { ElementOutput } from "./element_output.js";

const PLAYLIST_TYPE = "application/vnd.apple.mpegurl";
/** Safari and other browsers spell the codec differently. */
const MEDIA_TYPES = ['audio/mp4; codecs="opus"', 'audio/mp4; codecs="Opus"'];

export class HlsOutput extends ElementOutput {
  name = "hls";

  /** The same URL for all listeners, so that caches can answer; the server decides how old an answer may be. */
  nextUrl() {
    return `${this.streamPath}/hls/index.m3u8`;
  }
}

/** @param {HTMLAudioElement} audio */
export function canPlayHls(audio) {
  return audio.canPlayType(PLAYLIST_TYPE) !== "" && MEDIA_TYPES.some((type) => audio.canPlayType(type) !== "");
}

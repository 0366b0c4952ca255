/**
 * The player as the operating system sees it: lock screen, media keys and audio session.
 */

/** Declare the sound as playback to iOS: the silent switch does not mute it, and from iOS 17 on a locked screen does not
 *  stop an audio context. */
export function claimPlaybackSession() {
  const session = /** @type {{audioSession?: {type: string}}} */ (/** @type {unknown} */ (navigator)).audioSession;
  if (session) {
    session.type = "playback";
  }
}

/**
 * Make media keys and the lock screen start and stop the player.
 *
 * @param {import("./player.js").Player} player
 */
export function attachMediaKeys(player) {
  const session = navigator.mediaSession;
  if (!session) {
    return;
  }
  /** @type {[MediaSessionAction, () => void][]} */
  const handlers = [
    ["play", () => player.play()],
    ["pause", () => player.pause()],
    ["stop", () => player.stop()],
  ];
  for (const [action, handler] of handlers) {
    try {
      session.setActionHandler(action, handler);
    } catch {
      // This browser does not know the action.
    }
  }
  player.addEventListener("phase", () => {
    const silent = player.phase === "over" || !player.isWanted;
    session.playbackState = !silent ? "playing" : player.output?.canResume() ? "paused" : "none";
  });
}

/**
 * Show what is played on the lock screen and in the system's media controls.
 *
 * @param {object} metadata
 * @param {string} metadata.title
 * @param {string} metadata.artist
 * @param {string} metadata.album
 * @param {string} metadata.artwork path of a picture of 512 by 512 pixels
 */
export function showMediaMetadata({ title, artist, album, artwork }) {
  if (!navigator.mediaSession || typeof MediaMetadata === "undefined") {
    return;
  }
  navigator.mediaSession.metadata = new MediaMetadata({
    title,
    artist,
    album,
    artwork: [{ src: artwork, sizes: "512x512" }],
  });
}

/**
 * The player as the operating system sees it: lock screen, media keys and audio session.
 */

/** Tell iOS that this is playback, which the silent switch leaves alone. */
export function claimPlayback() {
  const session = /** @type {{audioSession?: {type: string}}} */ (/** @type {unknown} */ (navigator)).audioSession;
  if (session) {
    session.type = "playback";
  }
}

/**
 * Let media keys and the lock screen start and stop the player.
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
      // An action this browser does not know.
    }
  }
  player.addEventListener("phase", () => {
    const silent = player.phase === "over" || !player.wanted;
    session.playbackState = !silent ? "playing" : player.output?.isHeld() ? "paused" : "none";
  });
}

/**
 * @param {object} sound
 * @param {string} sound.title
 * @param {string} sound.artist
 * @param {string} sound.album
 * @param {string} sound.artwork path of a 512 by 512 PNG
 */
export function describeSound({ title, artist, album, artwork }) {
  if (!navigator.mediaSession || typeof MediaMetadata === "undefined") {
    return;
  }
  navigator.mediaSession.metadata = new MediaMetadata({
    title,
    artist,
    album,
    artwork: [{ src: artwork, sizes: "512x512", type: "image/png" }],
  });
}

/**
 * What this device is, where that decides how sound can be played.
 */

/**
 * iPhone and iPad, which also calls itself a Macintosh but has a touch screen. There the volume belongs to the
 * hardware buttons, and a locked screen suspends Web Audio where the page cannot ask for a playback session.
 */
export const IS_APPLE_TOUCH =
  /iPhone|iPad|iPod/.test(navigator.userAgent) ||
  (navigator.userAgent.includes("Macintosh") && navigator.maxTouchPoints > 1);

/** Whether the page is shown as an app of its own, from the home screen. */
export const IS_INSTALLED =
  matchMedia("(display-mode: standalone)").matches ||
  /** @type {{standalone?: boolean}} */ (navigator).standalone === true;

/** Whether the page can say what its sound is for (https://www.w3.org/TR/audio-session/). */
export const HAS_AUDIO_SESSION = "audioSession" in navigator;

/**
 * What this device is, where that decides how sound can be played.
 */

/**
 * iPhone and iPad, which also calls itself a Macintosh but has a touch screen. There the volume belongs to the
 * hardware buttons, and a locked screen suspends Web Audio but not a plain audio element.
 */
export const IS_APPLE_TOUCH =
  /iPhone|iPad|iPod/.test(navigator.userAgent) ||
  (navigator.userAgent.includes("Macintosh") && navigator.maxTouchPoints > 1);

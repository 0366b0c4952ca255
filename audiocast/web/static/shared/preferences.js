/**
 * Small choices of the visitor (language, volume) and the visitor's own broadcasts, kept in this browser.
 *
 * Never throws: where storage is switched off or full, a choice lasts as long as the page.
 */

const PREFIX = "audiocast.";

/**
 * @param {string} name
 * @returns {string | null} the stored value, or null
 */
export function recall(name) {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/**
 * @param {string} name
 * @param {string} value
 * @returns {boolean} whether it is stored: not in a private window of some browsers, nor on a full disk
 */
export function remember(name, value) {
  try {
    localStorage.setItem(PREFIX + name, value);
    return true;
  } catch {
    return false;
  }
}

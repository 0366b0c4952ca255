/**
 * Small choices of the visitor (language, volume), kept in this browser.
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
 */
export function remember(name, value) {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // A private window or a full disk: the choice holds on this page only.
  }
}

/**
 * Small choices the visitor made (language, volume), kept in this browser.
 *
 * Never throws: storage may be switched off or full, and then a choice simply lasts as long as the page.
 */

const PREFIX = "audiocast.";

/**
 * @param {string} name
 * @returns {string | null} what was remembered, or null
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
    // Private windows and full disks refuse; the choice still holds on this page.
  }
}

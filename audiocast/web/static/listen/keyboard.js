/**
 * The keys of the listener's page: space plays and pauses, M mutes, the arrows set the volume.
 *
 * They are the page's only while nothing has the focus that takes keys itself. They can be switched off, since speech input
 * types letters (WCAG 2.1.4).
 */

import { recall, remember } from "../shared/preferences.js";

const VOLUME_STEP = 5;
const TAKES_KEYS = "input, select, textarea, button, summary, a, audio, dialog, [contenteditable]";

/**
 * @param {HTMLInputElement} choice a box: whether the keys are in use
 * @param {import("../player/listening.js").Listening} listening
 * @param {import("./volume.js").Volume | null} volume null where the system alone sets it
 */
export function attachKeyboard(choice, listening, volume) {
  choice.checked = recall("keys") !== "off";
  choice.addEventListener("change", () => remember("keys", choice.checked ? "on" : "off"));

  document.addEventListener("keydown", (event) => {
    const isElsewhere = event.target instanceof Element && event.target.closest(TAKES_KEYS);
    const hasModifier = event.ctrlKey || event.altKey || event.metaKey || event.isComposing;
    if (!choice.checked || isElsewhere || hasModifier || event.defaultPrevented) {
      return;
    }
    if (document.querySelector("dialog[open]")) {
      return;
    }
    const react = reaction(event, listening, volume);
    if (react) {
      event.preventDefault();
      react();
    }
  });
}

/**
 * @param {KeyboardEvent} event
 * @param {import("../player/listening.js").Listening} listening
 * @param {import("./volume.js").Volume | null} volume
 * @returns {(() => void) | null} null for a key of the browser's
 */
function reaction({ code, repeat, shiftKey }, listening, volume) {
  const scrolls = document.documentElement.scrollHeight > innerHeight;
  const isVertical = code === "ArrowUp" || code === "ArrowDown";
  if (shiftKey || (isVertical && scrolls)) {
    return null; // up and down scroll a page that is longer than the window
  }
  switch (code) {
    case "Space":
      return () => !repeat && listening.canPlay && listening.startOrStop();
    case "KeyM":
      return volume && (() => !repeat && volume.toggleMute());
    case "ArrowLeft":
    case "ArrowDown":
      return volume && (() => volume.change(-VOLUME_STEP));
    case "ArrowRight":
    case "ArrowUp":
      return volume && (() => volume.change(VOLUME_STEP));
    default:
      return null;
  }
}

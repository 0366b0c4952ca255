/**
 * The switch between "live" and "stable", remembered in this browser.
 */

import { find } from "../shared/dom.js";
import { recall, remember } from "../shared/preferences.js";

/** @returns {import("../player/live/playback_methods.js").ModeName} */
export function chosenMode() {
  return recall("mode") === "stable" ? "stable" : "live";
}

/** Fires "change" when the listener has chosen the other mode. */
export class ModeSwitch extends EventTarget {
  name = chosenMode();

  /**
   * @param {HTMLElement} group holds a radio button for each mode, and a `.hint` that explains the chosen one
   * @param {import("../shared/language.js").Language} language
   */
  constructor(group, language) {
    super();
    const hint = find(group, ".hint", HTMLElement);
    const show = () => {
      hint.textContent = language.translate(`mode.${this.name}.more`);
    };
    for (const button of group.querySelectorAll("input")) {
      button.checked = button.value === this.name;
      button.addEventListener("change", () => {
        this.name = button.value === "stable" ? "stable" : "live";
        remember("mode", this.name);
        show();
        this.dispatchEvent(new Event("change"));
      });
    }
    language.addEventListener("change", show);
    show();
  }
}

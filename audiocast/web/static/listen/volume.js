/**
 * The volume slider and the mute button, remembered in this browser.
 */

import { find } from "../shared/dom.js";
import { recall, remember } from "../shared/preferences.js";
import { IS_APPLE_TOUCH } from "../player/device.js";

export class Volume {
  /**
   * @param {HTMLElement} row holds a slider, 0 to 100, and a button
   * @param {HTMLAudioElement} audio
   * @param {import("../shared/language.js").Language} language
   */
  constructor(row, audio, language) {
    this.audio = audio;
    this.slider = find(row, "input", HTMLInputElement);
    const button = find(row, "button", HTMLButtonElement);
    const remembered = Number.parseInt(recall("volume") ?? "100", 10);
    this.slider.value = String(Number.isNaN(remembered) ? 100 : remembered);
    audio.volume = Number(this.slider.value) / 100;

    const show = () => {
      const silent = audio.muted || audio.volume === 0;
      button.classList.toggle("muted", silent);
      button.setAttribute("aria-label", language.translate(silent ? "listen.unmute" : "listen.mute"));
    };
    this.slider.addEventListener("input", () => this.#set());
    button.addEventListener("click", () => this.toggleMute());
    audio.addEventListener("volumechange", show);
    language.addEventListener("change", show);
    show();
  }

  toggleMute() {
    if (this.audio.volume === 0) {
      this.slider.value = "100";
      this.audio.volume = 1;
      this.audio.muted = false;
    } else {
      this.audio.muted = !this.audio.muted;
    }
  }

  /** @param {number} percent to add; below zero to take */
  change(percent) {
    this.slider.value = String(Number(this.slider.value) + percent); // the slider keeps to its bounds
    this.#set();
  }

  #set() {
    this.audio.volume = Number(this.slider.value) / 100;
    this.audio.muted = false;
    remember("volume", this.slider.value);
  }
}

/**
 * @param {HTMLElement} row see `Volume`
 * @param {HTMLAudioElement} audio
 * @param {import("../shared/language.js").Language} language
 * @returns {Volume | null} null on iPhone and iPad: the system ignores the volume of an element there
 */
export function attachVolume(row, audio, language) {
  row.hidden = IS_APPLE_TOUCH;
  return IS_APPLE_TOUCH ? null : new Volume(row, audio, language);
}

/**
 * The volume slider and the mute button, remembered in this browser.
 */

import { find } from "../shared/dom.js";
import { recall, remember } from "../shared/preferences.js";
import { IS_APPLE_TOUCH } from "../player/device.js";

/**
 * @param {HTMLElement} row holds a slider, 0 to 100, and a button
 * @param {HTMLAudioElement} audio
 * @param {import("../shared/language.js").Language} language
 */
export function attachVolume(row, audio, language) {
  if (IS_APPLE_TOUCH) {
    row.hidden = true; // the system ignores the volume of an element there
    return;
  }
  const slider = find(row, "input", HTMLInputElement);
  const button = find(row, "button", HTMLButtonElement);
  const remembered = Number.parseInt(recall("volume") ?? "100", 10);
  slider.value = String(Number.isNaN(remembered) ? 100 : remembered);
  audio.volume = Number(slider.value) / 100;

  const show = () => {
    const silent = audio.muted || audio.volume === 0;
    button.classList.toggle("muted", silent);
    button.setAttribute("aria-label", language.translate(silent ? "listen.unmute" : "listen.mute"));
  };
  slider.addEventListener("input", () => {
    audio.volume = Number(slider.value) / 100;
    audio.muted = false;
    remember("volume", slider.value);
  });
  button.addEventListener("click", () => {
    if (audio.volume === 0) {
      slider.value = "100";
      audio.volume = 1;
      audio.muted = false;
    } else {
      audio.muted = !audio.muted;
    }
  });
  audio.addEventListener("volumechange", show);
  language.addEventListener("change", show);
  show();
}

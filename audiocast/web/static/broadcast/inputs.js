/**
 * The choice of the input, of what the browser may do to it, and of its gain: the two buttons, the list of microphones, the
 * presets, the slider.
 *
 * Shows failures in plain language, where browsers have only names of exceptions.
 */

import { byId } from "../shared/dom.js";
import { NoAudioShared, AudioCapture } from "./capture.js";
import { updateText } from "../shared/language.js";
import { recall, remember } from "../shared/preferences.js";

/** Reasons by the names of DOMExceptions; all others are "other". @type {Record<string, string>} */
const TROUBLES = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

/**
 * @param {AudioCapture} capture
 * @param {import("../shared/language.js").Language} language
 * @returns {() => Promise<boolean>} opens the microphone; false where that fails
 */
export function attachInputs(capture, language) {
  const device = byId("device", HTMLSelectElement);
  const gain = byId("gain", HTMLInputElement);
  const presets = byId("preset", HTMLFieldSetElement);
  /** @type {[string, Record<string, string>] | null} */
  let trouble = null;

  const show = () => {
    updateText(byId("sound-trouble"), trouble ? language.translate(...trouble) : "");
    byId("sound").hidden = !capture.kind && byId("sound").hidden;
    byId("device-field").hidden = presets.hidden = capture.kind === "tab";
    updateText(byId("preset-hint"), language.translate(`preset.${capture.preset}.more`));
    byId("use-microphone").setAttribute("aria-pressed", String(capture.kind === "microphone"));
    byId("use-tab").setAttribute("aria-pressed", String(capture.kind === "tab"));
    const isMute = gain.value === gain.min;
    const decibels = Number(gain.value);
    const db = `${decibels > 0 ? "+" : decibels < 0 ? "−" : ""}${Math.abs(decibels)}`;
    const words = language.translate(isMute ? "broadcast.gain.mute" : "broadcast.gain.db", { db });
    byId("gain-words").textContent = words;
    gain.setAttribute("aria-valuetext", words);
    capture.setGain(isMute ? -Infinity : decibels);
  };

  const list = async () => {
    const all = await navigator.mediaDevices.enumerateDevices();
    const microphones = all.filter(({ kind }) => kind === "audioinput");
    const names = microphones.map(({ deviceId, label }, at) => {
      return new Option(label || language.translate("broadcast.device.number", { number: at + 1 }), deviceId);
    });
    device.replaceChildren(...names);
    device.value = capture.deviceId;
  };

  /** @param {() => Promise<void>} open */
  const use = async (open) => {
    trouble = null;
    try {
      await open();
      await list();
    } catch (error) {
      const { name, message } = /** @type {Error} */ (error);
      const key = error instanceof NoAudioShared ? "nothing" : (TROUBLES[name] ?? "other");
      trouble = [`trouble.${key}`, { message }];
    }
    show();
    return Boolean(capture.kind);
  };

  const useMicrophone = () =>
    use(async () => {
      try {
        await capture.useMicrophone(recall("microphone") ?? "");
      } catch (error) {
        if (/** @type {Error} */ (error).name !== "OverconstrainedError") {
          throw error;
        }
        await capture.useMicrophone(); // the microphone of the last time is not connected
      }
    });

  capture.preset = recall("preset") === "voice" ? "voice" : "music";
  for (const button of presets.querySelectorAll("input")) {
    button.checked = button.value === capture.preset;
    button.addEventListener("change", () => {
      capture.preset = button.value === "voice" ? "voice" : "music";
      remember("preset", capture.preset);
      show();
      if (capture.kind === "microphone") {
        use(() => capture.useMicrophone(capture.deviceId));
      }
    });
  }
  gain.value = recall("gain") ?? gain.value;
  gain.addEventListener("input", () => {
    remember("gain", gain.value);
    show();
  });
  device.addEventListener("change", () => {
    remember("microphone", device.value);
    use(() => capture.useMicrophone(device.value));
  });
  byId("use-microphone").addEventListener("click", useMicrophone);
  byId("use-tab").addEventListener("click", () => use(() => capture.useTab()));
  byId("use-tab").hidden = !AudioCapture.hasTabs;
  navigator.mediaDevices?.addEventListener("devicechange", list);
  capture.addEventListener("input", show);
  language.addEventListener("change", show);
  show();
  return useMicrophone;
}

/**
 * Choosing where the sound comes from, and how loud it is: the two buttons, the list of microphones, the gain.
 *
 * Says what went wrong in words of people: browsers say it in names of exceptions.
 */

import { byId } from "../shared/dom.js";
import { NothingShared, Sound } from "./capture.js";
import { setWords } from "../shared/language.js";
import { recall, remember } from "../shared/preferences.js";

/** By names of DOMExceptions; the rest is "other". @type {Record<string, string>} */
const TROUBLES = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

/**
 * @param {Sound} sound
 * @param {import("../shared/language.js").Language} language
 * @returns {() => Promise<boolean>} asks for the microphone; says whether it is there
 */
export function attachInputs(sound, language) {
  const device = byId("device", HTMLSelectElement);
  const gain = byId("gain", HTMLInputElement);
  /** @type {[string, Record<string, string>] | null} */
  let trouble = null;

  const show = () => {
    setWords(byId("sound-trouble"), trouble ? language.say(...trouble) : "");
    byId("sound").hidden = !sound.kind && byId("sound").hidden;
    byId("device-field").hidden = sound.kind === "tab";
    byId("use-microphone").setAttribute("aria-pressed", String(sound.kind === "microphone"));
    byId("use-tab").setAttribute("aria-pressed", String(sound.kind === "tab"));
    const isMute = gain.value === gain.min;
    const decibels = Number(gain.value);
    const db = `${decibels > 0 ? "+" : decibels < 0 ? "−" : ""}${Math.abs(decibels)}`;
    const words = language.say(isMute ? "broadcast.gain.mute" : "broadcast.gain.db", { db });
    byId("gain-words").textContent = words;
    gain.setAttribute("aria-valuetext", words);
    sound.setGain(isMute ? -Infinity : decibels);
  };

  const list = async () => {
    const all = await navigator.mediaDevices.enumerateDevices();
    const microphones = all.filter(({ kind }) => kind === "audioinput");
    const names = microphones.map(({ deviceId, label }, at) => {
      return new Option(label || language.say("broadcast.device.number", { number: at + 1 }), deviceId);
    });
    device.replaceChildren(...names);
    device.value = sound.deviceId;
  };

  /** @param {() => Promise<void>} open */
  const use = async (open) => {
    trouble = null;
    try {
      await open();
      await list();
    } catch (error) {
      const { name, message } = /** @type {Error} */ (error);
      const key = error instanceof NothingShared ? "nothing" : (TROUBLES[name] ?? "other");
      trouble = [`trouble.${key}`, { message }];
    }
    show();
    return Boolean(sound.kind);
  };

  const useMicrophone = () =>
    use(async () => {
      try {
        await sound.useMicrophone(recall("microphone") ?? "");
      } catch (error) {
        if (/** @type {Error} */ (error).name !== "OverconstrainedError") {
          throw error;
        }
        await sound.useMicrophone(); // that of the last time is not connected
      }
    });

  gain.value = recall("gain") ?? gain.value;
  gain.addEventListener("input", () => {
    remember("gain", gain.value);
    show();
  });
  device.addEventListener("change", () => {
    remember("microphone", device.value);
    use(() => sound.useMicrophone(device.value));
  });
  byId("use-microphone").addEventListener("click", useMicrophone);
  byId("use-tab").addEventListener("click", () => use(() => sound.useTab()));
  byId("use-tab").hidden = !Sound.hasTabs;
  navigator.mediaDevices?.addEventListener("devicechange", list);
  sound.addEventListener("input", show);
  language.addEventListener("change", show);
  show();
  return useMicrophone;
}

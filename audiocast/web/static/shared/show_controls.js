/**
 * What a broadcaster changes during a show: the sound muted, the track, the title. For the page that sends, and for the
 * control page.
 */

import { byId } from "./dom.js";
import { editBroadcast, RequestRefused, showTrack } from "./api.js";
import { updateText } from "./language.js";
import { renameBroadcast } from "./own_broadcasts.js";

const DONE_FOR_MS = 2_000;
/** The server knows of a mute until the source's connection is another one; the page that is mute tells it again. */
const MUTE_AGAIN_AFTER_MS = 2_000;

/** Fires "title" when the broadcaster has changed the title, and "mute" when the button was pressed. */
export class ShowControls extends EventTarget {
  /** @type {import("./api.js").Broadcast | null} */
  #broadcast = null;
  /** @type {[string, Record<string, string>] | null} */
  #trouble = null;
  #mutedAt = -Infinity;
  /** The page that sends has muted its own sound. */
  isMutedHere = false;
  /** Of the broadcast; may be empty. */
  title = "";

  /**
   * @param {import("./language.js").Language} language
   * @param {import("./on_air_monitor.js").OnAirMonitor} monitor of the same broadcast
   * @param {boolean} isSource this page sends the sound, and can mute it before the server knows
   */
  constructor(language, monitor, isSource) {
    super();
    this.isSource = isSource;
    this.language = language;
    this.monitor = monitor;
    monitor.addEventListener("news", () => this.#show());
    language.addEventListener("change", () => this.#show());
    byId("mute").addEventListener("click", () => this.#toggleMute());
    byId("playing-form").addEventListener("submit", (event) => this.#sendTrack(event));
    byId("name-form").addEventListener("submit", (event) => this.#rename(event));
  }

  /** Whether listeners hear silence that the broadcaster wants. */
  get isMuted() {
    return this.isMutedHere || this.monitor.isMuted;
  }

  /**
   * @param {import("./api.js").Broadcast} broadcast
   * @param {string} title may be empty
   */
  open(broadcast, title) {
    this.#broadcast = broadcast;
    this.#trouble = null;
    this.title = title;
    this.isMutedHere = false;
    byId("name", HTMLInputElement).value = title;
    this.#show();
  }

  #toggleMute() {
    const isMuted = !this.isMuted;
    this.isMutedHere = this.isSource && isMuted;
    this.dispatchEvent(new Event("mute"));
    this.#sendMute(isMuted);
    this.#show();
  }

  /** @param {boolean} muted */
  #sendMute(muted) {
    this.#mutedAt = performance.now();
    return this.#change((broadcast) => editBroadcast(broadcast, { muted }));
  }

  /** @param {Event} event */
  async #sendTrack(event) {
    event.preventDefault();
    const artist = byId("playing-artist", HTMLInputElement).value.trim();
    const title = byId("playing-title", HTMLInputElement).value.trim();
    if (await this.#change((broadcast) => showTrack(broadcast, { title, artist }))) {
      this.#showDone("playing-send", "show.playing");
    }
  }

  /** @param {Event} event */
  async #rename(event) {
    event.preventDefault();
    const title = byId("name", HTMLInputElement).value.trim();
    if (await this.#change((broadcast) => editBroadcast(broadcast, { title }))) {
      this.title = title;
      renameBroadcast(this.#broadcast?.stream_id ?? "", title);
      this.#showDone("name-save", "show.name");
      this.dispatchEvent(new Event("title"));
    }
  }

  /**
   * @param {(broadcast: import("./api.js").Broadcast) => Promise<void>} request
   * @returns {Promise<boolean>} whether the server has done it
   */
  async #change(request) {
    if (!this.#broadcast) {
      return false;
    }
    try {
      await request(this.#broadcast);
      this.#trouble = null;
    } catch (error) {
      const message = error instanceof RequestRefused ? error.message : "";
      this.#trouble = message ? ["trouble.server", { message }] : ["trouble.network", {}];
    }
    this.#show();
    return !this.#trouble;
  }

  #show() {
    const { language, monitor } = this;
    const isLive = monitor.state === "live";
    const isLost = isLive && this.isMutedHere && !monitor.isMuted;
    if (isLost && performance.now() - this.#mutedAt > MUTE_AGAIN_AFTER_MS) {
      this.#sendMute(true);
    }
    const mute = byId("mute", HTMLButtonElement);
    mute.disabled = !isLive && !this.isSource;
    mute.setAttribute("aria-pressed", String(this.isMuted));
    updateText(byId("mute-text"), language.translate(this.isMuted ? "show.unmute" : "show.mute"));
    updateText(byId("show-trouble"), this.#trouble ? language.translate(...this.#trouble) : "");
  }

  /**
   * @param {string} id of a button's text
   * @param {string} key of its phrase
   */
  #showDone(id, key) {
    byId(id).textContent = this.language.translate(`${key}.done`);
    setTimeout(() => (byId(id).textContent = this.language.translate(key)), DONE_FOR_MS);
  }
}

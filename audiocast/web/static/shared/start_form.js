/**
 * Asking for a broadcast: its title, a token where the server wants one, and why it was refused.
 */

import { byId } from "./dom.js";
import { Refused, startBroadcast } from "./api.js";
import { setWords } from "./language.js";

export class StartForm {
  /** A phrase's key and its values. @type {[string, Record<string, string>] | null} */
  #trouble = null;

  /** @param {import("./language.js").Language} language */
  constructor(language) {
    this.language = language;
    language.addEventListener("change", () => this.#show());
  }

  /** What the broadcaster calls it; may be empty. */
  get title() {
    return byId("title", HTMLInputElement).value.trim();
  }

  /** @returns {Promise<import("./api.js").Broadcast | null>} null when it says why not */
  async ask() {
    const token = byId("token", HTMLInputElement).value.trim();
    this.#trouble = null;
    this.#show();
    try {
      return await startBroadcast(this.title, token);
    } catch (error) {
      this.#trouble = reason(error, token);
      this.#show();
      if (error instanceof Refused && error.status === 401) {
        byId("token-field").hidden = false;
        byId("token").focus();
      }
      return null;
    }
  }

  #show() {
    const words = this.#trouble ? this.language.say(...this.#trouble) : "";
    setWords(byId("start-trouble"), words);
  }
}

/**
 * @param {unknown} error of `startBroadcast`
 * @param {string} token that was tried; may be empty
 * @returns {[string, Record<string, string>]} a phrase's key and its values
 */
function reason(error, token) {
  if (!(error instanceof Refused)) {
    return ["trouble.network", {}];
  }
  if (error.status !== 401) {
    return ["trouble.server", { message: error.message }];
  }
  return [token ? "trouble.token" : "trouble.token.missing", {}];
}

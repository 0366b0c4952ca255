/**
 * The form that creates a broadcast: its title, what else there is to say of it, a token where the server asks for one,
 * and why the server refused.
 */

import { AboutFields, UnusableField } from "./about_fields.js";
import { byId } from "./dom.js";
import { RequestRefused, giveCover, startBroadcast } from "./api.js";
import { updateText } from "./language.js";

export class StartForm {
  /** Key of the shown phrase and its values. @type {[string, Record<string, string>] | null} */
  #trouble = null;
  #about = new AboutFields();

  /** @param {import("./language.js").Language} language */
  constructor(language) {
    this.language = language;
    language.addEventListener("change", () => this.#show());
    attachPrivate();
  }

  /** The title of the broadcast; may be empty. */
  get title() {
    return byId("title", HTMLInputElement).value.trim();
  }

  /** @returns {Promise<import("./api.js").Broadcast | null>} null where the form shows why it failed */
  async submit() {
    const token = byId("token", HTMLInputElement).value.trim();
    this.#trouble = null;
    this.#show();
    try {
      const { title } = this;
      const about = this.#about.given();
      const picture = await this.#about.picture();
      const wanted = { title, ...about, ...visibility(), ...(token ? chosenId() : {}) };
      const broadcast = await startBroadcast(wanted, token);
      if (picture) {
        // The broadcast is worth more than its picture, which the control page takes too.
        await giveCover(broadcast, picture).catch(() => {});
      }
      return broadcast;
    } catch (error) {
      this.#trouble = reason(error, token);
      this.#show();
      if (error instanceof RequestRefused && error.status === 401) {
        byId("token-field").hidden = false;
        byId("token").focus();
      }
      return null;
    }
  }

  #show() {
    const words = this.#trouble ? this.language.translate(...this.#trouble) : "";
    updateText(byId("start-trouble"), words);
  }
}

/** What is private is in no list. */
function attachPrivate() {
  const isPublic = document.getElementById("public");
  const isPrivate = byId("private", HTMLInputElement);
  const show = () => {
    if (isPublic instanceof HTMLInputElement) {
      isPublic.disabled = isPrivate.checked;
      isPublic.checked &&= !isPrivate.checked;
    }
  };
  isPrivate.addEventListener("change", show);
  show(); // a browser that comes back to the page keeps what was ticked
}

/** @returns {Pick<Api.StartRequest, "visibility" | "access_code">} nothing where the server lists nobody, and does not ask */
function visibility() {
  if (byId("private", HTMLInputElement).checked) {
    return { visibility: "private", access_code: "auto" };
  }
  const box = document.getElementById("public");
  return box instanceof HTMLInputElement ? { visibility: box.checked ? "public" : "unlisted" } : {};
}

/** @returns {{id?: string}} nothing for an id of the server's choice */
function chosenId() {
  const id = byId("stream-id", HTMLInputElement).value.trim();
  return id ? { id } : {};
}

/**
 * @param {unknown} error of `startBroadcast`
 * @param {string} token that was tried; may be empty
 * @returns {[string, Record<string, string>]} a phrase's key and its values
 */
function reason(error, token) {
  if (error instanceof UnusableField) {
    return [error.key, {}];
  }
  if (!(error instanceof RequestRefused)) {
    return ["trouble.network", {}];
  }
  if (error.status !== 401) {
    return ["trouble.server", { message: error.message }];
  }
  return [token ? "trouble.token" : "trouble.token.missing", {}];
}

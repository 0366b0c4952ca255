/**
 * What a broadcaster may say of a show beside its title: description, web page, start, picture, colour.
 */

import { byId } from "./dom.js";

/** The server takes pictures of at most so many bytes, and with sides of at most 2,048 pixels. */
const MOST_BYTES = 256 * 1024;
const SIDES_PX = [1024, 768, 512, 256];
const QUALITY = 0.85;

/** A field has something in it that is of no use; `key` is the phrase that says so. */
export class UnusableField extends Error {
  /** @param {string} key */
  constructor(key) {
    super(key);
    this.key = key;
  }
}

/**
 * @typedef {object} About what may be said of a show; see `POST /api/start`
 * @property {string} [description]
 * @property {string} [link]
 * @property {string} [accent]
 * @property {string} [starts_at]
 */

export class AboutFields {
  /** A field of colours has always one: only what was chosen counts. */
  #isAccentChosen = false;
  #startsBefore = "";

  constructor() {
    byId("about-accent").addEventListener("input", () => (this.#isAccentChosen = true));
  }

  /** @param {{description?: string, link?: string, accent?: string, starts_at?: number | null}} about as it is now */
  fill({ description = "", link = "", accent = "", starts_at: startsAt }) {
    byId("about-description", HTMLTextAreaElement).value = description;
    byId("about-link", HTMLInputElement).value = link;
    this.#startsBefore = startsAt ? localTime(startsAt) : "";
    byId("about-starts", HTMLInputElement).value = this.#startsBefore;
    this.#isAccentChosen = accent !== "";
    if (accent) {
      byId("about-accent", HTMLInputElement).value = accent;
    }
  }

  /**
   * @returns {About} without what was left empty
   * @throws {UnusableField}
   */
  given() {
    /** @type {About} */
    const about = {};
    const description = byId("about-description", HTMLTextAreaElement).value.trim();
    const link = webAddress(byId("about-link", HTMLInputElement).value.trim());
    const starts = byId("about-starts", HTMLInputElement).value;
    if (description) {
      about.description = description;
    }
    if (link) {
      about.link = link;
    }
    if (starts) {
      about.starts_at = new Date(starts).toISOString();
    }
    if (this.#isAccentChosen) {
      about.accent = byId("about-accent", HTMLInputElement).value;
    }
    return about;
  }

  /**
   * @returns {About} what was left empty is taken away; a start that was told long ago and stays is not told again
   * @throws {UnusableField}
   */
  edit() {
    const { starts_at: startsAt = "", ...about } = this.given();
    const isChanged = byId("about-starts", HTMLInputElement).value !== this.#startsBefore;
    return { description: "", link: "", accent: "", ...about, ...(isChanged ? { starts_at: startsAt } : {}) };
  }

  /**
   * @returns {Promise<Blob | null>} the chosen picture as the server takes it, upright; null for none
   * @throws {UnusableField}
   */
  async picture() {
    const file = byId("about-picture", HTMLInputElement).files?.[0];
    return file ? smallPicture(file) : null;
  }
}

/**
 * @param {number} unixSeconds
 * @returns {string} in the visitor's time zone, as a field for it has it
 */
function localTime(unixSeconds) {
  const at = new Date(unixSeconds * 1000);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/**
 * @param {string} text as people write it, with a scheme or without
 * @returns {string} in ASCII; empty for an empty text
 * @throws {UnusableField}
 */
function webAddress(text) {
  if (!text) {
    return "";
  }
  try {
    const url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`);
    if (/^https?:$/.test(url.protocol) && !url.username && /^[\w.-]+$|^\[/.test(url.hostname)) {
      return url.href;
    }
  } catch {
    // Said below.
  }
  throw new UnusableField("trouble.link");
}

/**
 * Draw a picture anew, as large as it may be.
 *
 * @param {File} file
 * @returns {Promise<Blob>}
 * @throws {UnusableField}
 */
async function smallPicture(file) {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) {
    throw new UnusableField("trouble.picture");
  }
  for (const side of SIDES_PX) {
    const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const context = canvas.getContext("2d");
    if (context) {
      // A JPEG is never transparent.
      context.fillStyle = "#fff";
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    }
    /** @type {Blob | null} */
    const picture = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    if (picture && picture.size <= MOST_BYTES) {
      return picture;
    }
  }
  throw new UnusableField("trouble.picture");
}

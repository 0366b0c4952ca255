/**
 * The language of the page: chooses and switches it, and puts its phrases into marked elements.
 *
 * Owns the `lang` attribute and every `data-i18n*` element; the phrases are in strings.js and in the strings.js of each page.
 */

import { recall, remember } from "./preferences.js";
import { STRINGS } from "./strings.js";

const FALLBACK = "en";

/** @returns {string} the language chosen before, else the first of the browser's that the pages have */
function preferredCode() {
  const wishes = [recall("language") ?? "", ...(navigator.languages ?? [navigator.language])];
  const codes = wishes.map((wish) => wish.toLowerCase().split("-")[0]);
  return codes.find((code) => code in STRINGS) ?? FALLBACK;
}

/**
 * Set an element's text, unless it is the same.
 *
 * @param {HTMLElement} element a live region, which screen readers announce only when the text changes
 * @param {string} text
 */
export function updateText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** Fires "change" after the phrases on the page were replaced. */
export class Language extends EventTarget {
  /**
   * @param {Document} page its marked elements are kept in the current language
   * @param {import("./strings.js").Phrases} [more] phrases of this page alone
   */
  constructor(page, more = {}) {
    super();
    this.page = page;
    this.more = more;
    this.code = preferredCode();
    this.#apply();
  }

  /** The browser's variant of the language where it has one: British and American clocks differ. */
  get locale() {
    return (navigator.languages ?? []).find((wish) => wish.toLowerCase().split("-")[0] === this.code) ?? this.code;
  }

  /**
   * Return a phrase in the current language.
   *
   * @param {string} key a key of strings.js
   * @param {Record<string, string | number>} [values] for the `{name}` places; `count` also picks the plural form
   * @returns {string}
   */
  translate(key, values = {}) {
    const phrase = STRINGS[this.code][key] ?? this.more[this.code]?.[key] ?? key;
    const text =
      typeof phrase === "string"
        ? phrase
        : (phrase[new Intl.PluralRules(this.code).select(Number(values.count))] ?? phrase.other);
    return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
  }

  /**
   * @param {number} unixSeconds
   * @returns {string} hours and minutes
   */
  clock(unixSeconds) {
    return new Intl.DateTimeFormat(this.locale, { timeStyle: "short" }).format(unixSeconds * 1000);
  }

  /**
   * @param {number} unixSeconds
   * @returns {string} hours and minutes, and the date unless it is today
   */
  moment(unixSeconds) {
    const at = new Date(unixSeconds * 1000);
    if (at.toDateString() === new Date().toDateString()) {
      return this.clock(unixSeconds);
    }
    const date = new Intl.DateTimeFormat(this.locale, { day: "numeric", month: "short" }).format(at);
    return `${date}, ${this.clock(unixSeconds)}`;
  }

  /**
   * @param {number} unixSeconds
   * @returns {string} day of the week, date, hours and minutes
   */
  day(unixSeconds) {
    const at = new Date(unixSeconds * 1000);
    const date = new Intl.DateTimeFormat(this.locale, { weekday: "long", day: "numeric", month: "long" }).format(at);
    return `${date}, ${this.clock(unixSeconds)}`;
  }

  /**
   * Make a button switch to the other language, whose name is its label.
   *
   * @param {HTMLElement} button
   */
  attachSwitch(button) {
    const relabel = () => {
      button.lang = this.#other();
      button.textContent = this.translate("language.other");
    };
    button.addEventListener("click", () => {
      this.code = this.#other();
      remember("language", this.code);
      this.#apply();
      this.dispatchEvent(new Event("change"));
    });
    this.addEventListener("change", relabel);
    relabel();
  }

  #other() {
    return this.code === "ru" ? "en" : "ru";
  }

  #apply() {
    this.page.documentElement.lang = this.code;
    for (const element of this.page.querySelectorAll("[data-i18n]")) {
      element.textContent = this.translate(element.getAttribute("data-i18n") ?? "");
    }
    for (const element of this.page.querySelectorAll("[data-i18n-label]")) {
      element.setAttribute("aria-label", this.translate(element.getAttribute("data-i18n-label") ?? ""));
    }
    for (const element of this.page.querySelectorAll("[data-i18n-placeholder]")) {
      element.setAttribute("placeholder", this.translate(element.getAttribute("data-i18n-placeholder") ?? ""));
    }
    for (const element of this.page.querySelectorAll("[data-i18n-alt]")) {
      element.setAttribute("alt", this.translate(element.getAttribute("data-i18n-alt") ?? ""));
    }
  }
}

/**
 * The language of the page: which one, how it is switched, and putting its words into marked elements.
 *
 * Owns the `lang` attribute and every `data-say*` element; the words themselves live in strings.js and beside it.
 */

import { recall, remember } from "./preferences.js";
import { STRINGS } from "./strings.js";

const FALLBACK = "en";

/** @returns {string} the language chosen before, else the first the browser asks for that we speak */
function preferred() {
  const wishes = [recall("language") ?? "", ...(navigator.languages ?? [navigator.language])];
  const codes = wishes.map((wish) => wish.toLowerCase().split("-")[0]);
  return codes.find((code) => code in STRINGS) ?? FALLBACK;
}

/**
 * @param {HTMLElement} element a live region: the same words are not said twice
 * @param {string} words
 */
export function setWords(element, words) {
  if (element.textContent !== words) {
    element.textContent = words;
  }
}

/** Fires "change" after the words on the page were replaced. */
export class Language extends EventTarget {
  /**
   * @param {Document} page whose marked elements are kept in the current language
   * @param {import("./strings.js").Phrases} [more] words of this page alone
   */
  constructor(page, more = {}) {
    super();
    this.page = page;
    this.more = more;
    this.code = preferred();
    this.#apply();
  }

  /** The browser's own variant of the language where it has one: British and American clocks differ. */
  get locale() {
    return (navigator.languages ?? []).find((wish) => wish.toLowerCase().split("-")[0] === this.code) ?? this.code;
  }

  /**
   * One phrase in the current language.
   *
   * @param {string} key a key of strings.js
   * @param {Record<string, string | number>} [values] for the `{name}` places; `count` also picks the plural form
   * @returns {string}
   */
  say(key, values = {}) {
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
    return new Intl.DateTimeFormat(this.locale, { hour: "2-digit", minute: "2-digit" }).format(unixSeconds * 1000);
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
   * Make a button switch to the other language, which is also its label.
   *
   * @param {HTMLElement} button
   */
  attachSwitch(button) {
    const relabel = () => {
      button.lang = this.#other();
      button.textContent = this.say("language.other");
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
    for (const element of this.page.querySelectorAll("[data-say]")) {
      element.textContent = this.say(element.getAttribute("data-say") ?? "");
    }
    for (const element of this.page.querySelectorAll("[data-say-label]")) {
      element.setAttribute("aria-label", this.say(element.getAttribute("data-say-label") ?? ""));
    }
    for (const element of this.page.querySelectorAll("[data-say-alt]")) {
      element.setAttribute("alt", this.say(element.getAttribute("data-say-alt") ?? ""));
    }
  }
}

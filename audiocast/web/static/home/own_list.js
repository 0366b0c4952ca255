/**
 * The visitor's own broadcasts on the start page: open one, go live with it, or forget it.
 */

import { byId } from "../shared/dom.js";
import { controlPath, forgetBroadcast, livePath, ownBroadcasts } from "../shared/own_broadcasts.js";

/** @param {import("../shared/language.js").Language} language */
export function attachOwnList(language) {
  const show = () => {
    const own = ownBroadcasts();
    byId("own").hidden = own.length === 0;
    byId("own-list").replaceChildren(...own.map((each) => entry(each, language, show)));
  };
  language.addEventListener("change", show);
  // Of another tab, and of a page that the browser kept while another one changed the list.
  addEventListener("storage", show);
  addEventListener("pageshow", show);
  show();
}

/**
 * @param {import("../shared/own_broadcasts.js").OwnBroadcast} own
 * @param {import("../shared/language.js").Language} language
 * @param {() => void} show
 */
function entry(own, language, show) {
  const title = own.title || language.translate("untitled");
  const words = make("a", "words", make("span", "title", title), make("span", "quiet", language.moment(own.kept_at)));
  words.href = controlPath(own);
  const live = make("a", "button plain", language.translate("own.live"));
  live.href = livePath(own);
  const forget = make("button", "button plain", language.translate("own.forget"));
  forget.type = "button";
  forget.setAttribute("aria-label", language.translate("own.forget.named", { title }));
  forget.addEventListener("click", () => {
    if (confirm(language.translate("own.forget.sure", { title }))) {
      forgetBroadcast(own.stream_id);
      show();
    }
  });
  return make("li", "", words, make("span", "", live, forget));
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} className
 * @param {...(Node | string)} inside
 */
function make(tag, className, ...inside) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...inside);
  return element;
}

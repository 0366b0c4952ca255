/**
 * The list of live streams on the start page, refreshed while the page is visible.
 */

import { fetchLiveStreams } from "../shared/api.js";
import { trackText } from "../shared/stream_events.js";

const REFRESH_MS = 10_000;

/**
 * @param {HTMLElement} list a `ul`
 * @param {HTMLElement} remark shown where there is no list, or an old one
 * @param {import("../shared/language.js").Language} language
 * @returns {() => void} refreshes the list now
 */
export function attachLiveList(list, remark, language) {
  /** @type {import("../shared/stream_events.js").StreamState[]} */
  let streams = [];
  let isReachable = true;
  let isLoaded = false;

  const show = () => {
    list.replaceChildren(...streams.map((stream) => entry(stream, language)));
    const key = !isReachable ? "home.live.lost" : streams.length === 0 && isLoaded ? "home.live.none" : "";
    remark.textContent = key ? language.translate(key) : "";
  };
  const refresh = async () => {
    if (document.hidden) {
      return;
    }
    const focusedHref = document.activeElement?.getAttribute("href");
    try {
      streams = await fetchLiveStreams();
      isReachable = true;
    } catch {
      isReachable = false;
    }
    isLoaded = true;
    show();
    if (focusedHref) {
      // The entries are new elements: restore the focus.
      /** @type {HTMLElement | null} */ (list.querySelector(`a[href="${CSS.escape(focusedHref)}"]`))?.focus();
    }
  };
  setInterval(refresh, REFRESH_MS);
  document.addEventListener("visibilitychange", refresh);
  language.addEventListener("change", show);
  refresh();
  return refresh;
}

/**
 * @param {import("../shared/stream_events.js").StreamState} stream
 * @param {import("../shared/language.js").Language} language
 */
function entry(stream, language) {
  const title = make("span", "title", stream.title || language.translate("untitled"));
  const now = trackText(stream.now_playing);
  const words = make("span", "words", title, ...(now ? [make("span", "quiet", now)] : []));
  const count = make("span", "quiet", language.translate("listeners", { count: stream.listeners }));
  const link = document.createElement("a");
  link.href = `/listen/${encodeURIComponent(stream.stream_id)}`;
  link.dataset.stream = stream.state;
  link.append(make("span", "dot"), words, count);
  return make("li", "", link);
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {...(Node | string)} inside
 */
function make(tag, className, ...inside) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...inside);
  return element;
}

/**
 * The list of the live streams on the start page, kept fresh while somebody looks at it.
 */

import { liveStreams } from "../shared/api.js";
import { trackWords } from "../shared/stream_events.js";

const REFRESH_MS = 10_000;

/**
 * @param {HTMLElement} list a `ul`
 * @param {HTMLElement} remark said instead of, or beside, the list
 * @param {import("../shared/language.js").Language} language
 * @returns {() => void} asks for the list now
 */
export function attachOnAir(list, remark, language) {
  /** @type {import("../shared/stream_events.js").StreamState[]} */
  let streams = [];
  let reached = true;
  let asked = false;

  const show = () => {
    list.replaceChildren(...streams.map((stream) => entry(stream, language)));
    const key = !reached ? "home.live.lost" : streams.length === 0 && asked ? "home.live.none" : "";
    remark.textContent = key ? language.say(key) : "";
  };
  const refresh = async () => {
    if (document.hidden) {
      return;
    }
    const focused = document.activeElement?.getAttribute("href");
    try {
      streams = await liveStreams();
      reached = true;
    } catch {
      reached = false;
    }
    asked = true;
    show();
    if (focused) {
      // The entries are new elements: the keyboard stays where it was.
      /** @type {HTMLElement | null} */ (list.querySelector(`a[href="${CSS.escape(focused)}"]`))?.focus();
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
  const title = make("span", "title", stream.title || language.say("untitled"));
  const now = trackWords(stream.now_playing);
  const words = make("span", "words", title, ...(now ? [make("span", "quiet", now)] : []));
  const count = make("span", "quiet", language.say("listeners", { count: stream.listeners }));
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

/**
 * What was played so far, with times in the visitor's zone. Asked for only while somebody looks at it.
 */

import { find } from "../shared/dom.js";
import { trackWords } from "../shared/stream_events.js";

/** News of a track reaches all at once; those who look ask spread over this time. */
const SPREAD_MS = 3_000;

/**
 * @param {HTMLDetailsElement} panel with the tracks that the server has put there, and hidden when there are none
 * @param {import("../player/listening.js").Listening} listening
 * @param {import("../shared/language.js").Language} language
 */
export function attachHistory(panel, listening, language) {
  const list = find(panel, "ol", HTMLElement);
  let shown = listening.track;
  let isStale = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const showTimes = () => {
    for (const time of list.querySelectorAll("time")) {
      time.textContent = language.moment(Date.parse(time.dateTime) / 1000);
    }
  };
  const refresh = async () => {
    try {
      const response = await fetch(`${listening.apiPath}/history`, { cache: "no-store" });
      const { tracks } = await response.json();
      list.replaceChildren(...tracks.map(entry));
      isStale = false;
      showTimes();
    } catch {
      // No network: the next track asks again, and so does opening.
    }
  };
  listening.addEventListener("change", () => {
    if (!listening.track || listening.track === shown) {
      return;
    }
    shown = listening.track;
    panel.hidden = false;
    isStale = true;
    if (panel.open) {
      clearTimeout(timer);
      timer = setTimeout(refresh, Math.random() * SPREAD_MS);
    }
  });
  panel.addEventListener("toggle", () => panel.open && isStale && refresh());
  language.addEventListener("change", showTimes);
  showTimes();
}

/** @param {{title: string, artist: string, started_at: number}} track */
function entry(track) {
  const time = document.createElement("time");
  time.dateTime = new Date(track.started_at * 1000).toISOString();
  const words = document.createElement("span");
  words.textContent = trackWords(track);
  const item = document.createElement("li");
  item.append(time, " ", words);
  return item;
}

/**
 * The track history, with times in the visitor's zone. The list is fetched only while it is open.
 */

import { find } from "../shared/dom.js";
import { trackText } from "../shared/stream_events.js";

/** All pages learn of a track at once; they fetch the history spread over this time. */
const SPREAD_MS = 3_000;

/**
 * @param {HTMLDetailsElement} panel with the tracks that the server has put into it; hidden when there are none
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
      /** @type {Api.TrackList} */
      const { tracks } = await response.json();
      list.replaceChildren(...tracks.map(entry));
      isStale = false;
      showTimes();
    } catch {
      // No network: the next track fetches again, and so does opening the panel.
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

/** @param {Api.PastTrack} track */
function entry(track) {
  const time = document.createElement("time");
  time.dateTime = new Date(track.started_at * 1000).toISOString();
  const words = document.createElement("span");
  words.textContent = trackText(track);
  const item = document.createElement("li");
  item.append(time, " ", words);
  return item;
}

/**
 * When the broadcast is to begin, for how long it has been on, or when it was.
 */

import { byId } from "../shared/dom.js";

const REFRESH_MS = 15_000;

/**
 * Keep the elements up to date.
 *
 * @param {import("../player/listening.js").Listening} listening
 * @param {import("../shared/language.js").Language} language
 */
export function attachMoments(listening, language) {
  const show = () => {
    const { stream, isOnAir } = listening;
    const words = when(stream, language);
    byId("when").textContent = words;
    byId("when").hidden = !words;
    byId("recorded").hidden = !stream.recorded;
    byId("calendar-link").hidden = stream.state !== "waiting" || !stream.starts_at;
    byId("on-air-for").textContent = isOnAir && stream.started_at ? duration(stream.started_at, language) : "";
  };
  listening.addEventListener("change", show);
  language.addEventListener("change", show);
  setInterval(show, REFRESH_MS);
  show();
}

/**
 * @param {import("../shared/stream_events.js").StreamState} stream
 * @param {import("../shared/language.js").Language} language
 */
function when({ state, starts_at: startsAt, last_broadcast: last }, language) {
  if (state === "waiting" && startsAt) {
    const key = startsAt * 1000 > Date.now() ? "when.starts" : "when.late";
    return language.translate(key, { time: language.day(startsAt) });
  }
  if (state === "ended" && last) {
    const { started_at: began, ended_at: ended } = last;
    const isSameDay = new Date(began * 1000).toDateString() === new Date(ended * 1000).toDateString();
    const to = isSameDay ? language.clock(ended) : language.day(ended);
    return language.translate("when.was", { from: language.day(began), to });
  }
  return "";
}

/**
 * @param {number} startedAt unix seconds
 * @param {import("../shared/language.js").Language} language
 */
function duration(startedAt, language) {
  const minutes = Math.max(0, Math.floor((Date.now() / 1000 - startedAt) / 60));
  const parts = { hours: Math.floor(minutes / 60), minutes: minutes % 60 };
  return minutes === 0 ? "" : language.translate(parts.hours ? "on_air.hours" : "on_air.minutes", parts);
}

/**
 * The panel that shows a broadcaster who listens and who did: numbers of the last day, and its curve.
 */

import { fetchAudience } from "../shared/api.js";
import { areaPath, shownMinutes, topOf } from "../shared/audience_curve.js";
import { byId } from "../shared/dom.js";
import { updateText } from "../shared/language.js";

/** The curve has a point a minute. */
const ASK_EVERY_MS = 15_000;

const WIDTH = 600;
const HEIGHT = 120;

/**
 * @param {import("../shared/language.js").Language} language
 * @returns {(broadcast: import("../shared/api.js").Broadcast) => void} shows the audience of a broadcast
 */
export function attachAudience(language) {
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  /** @type {Api.AudienceReport | null} */
  let audience = null;

  const show = () => {
    const isThere = Boolean(audience?.curve.length || audience?.now);
    byId("audience-numbers").hidden = byId("audience-drawing").hidden = !isThere;
    byId("audience-none").hidden = isThere;
    if (audience && isThere) {
      draw(audience, language);
    }
  };

  language.addEventListener("change", show);
  return (broadcast) => {
    clearInterval(timer);
    const ask = async () => {
      audience = await fetchAudience(broadcast).catch(() => audience);
      show();
    };
    timer = setInterval(() => document.hidden || ask(), ASK_EVERY_MS);
    ask();
  };
}

/**
 * @param {Api.AudienceReport} audience
 * @param {import("../shared/language.js").Language} language
 */
function draw(audience, language) {
  const format = (/** @type {number} */ number) =>
    new Intl.NumberFormat(language.locale, { maximumFractionDigits: 1 }).format(number);
  updateText(byId("audience-now"), format(audience.now));
  updateText(byId("audience-peak"), format(audience.peak));
  updateText(byId("audience-average"), format(audience.average));
  updateText(byId("audience-hours"), format(audience.listening_hours));
  const minutes = shownMinutes(audience.curve, Date.now() / 1000);
  const top = topOf(audience.curve);
  byId("audience-area", SVGElement).setAttribute("d", areaPath(audience.curve, minutes, top, WIDTH, HEIGHT));
  updateText(byId("audience-top"), format(top));
  updateText(byId("audience-from"), language.moment(minutes.from * 60));
  updateText(byId("audience-to"), language.translate("audience.until"));
  const values = { now: format(audience.now), peak: format(audience.peak), from: language.moment(minutes.from * 60) };
  byId("audience-curve", SVGElement).setAttribute("aria-label", language.translate("audience.curve", values));
}

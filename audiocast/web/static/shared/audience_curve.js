/**
 * The listeners of a day as a drawing: pure functions of the server's curve.
 *
 * @typedef {[number, number]} Place x and y in the drawing
 */

/** A show that has just begun is not drawn over the whole width. */
const LEAST_MINUTES = 30;

/** Where the top of the drawing is, for at least so many listeners. */
const LEAST_TOP = 4;

/**
 * @param {number[][]} curve pairs of a minute, Unix seconds / 60, and its mean of listeners; the oldest first
 * @param {number} now Unix seconds
 * @returns {{from: number, to: number}} the minutes that the drawing shows
 */
export function shownMinutes(curve, now) {
  const to = Math.max(Math.floor(now / 60), curve.at(-1)?.[0] ?? 0);
  return { from: Math.min(curve[0]?.[0] ?? to, to - LEAST_MINUTES), to };
}

/**
 * @param {number[][]} curve
 * @returns {number} listeners at the top of the drawing, a round number
 */
export function topOf(curve) {
  const most = Math.max(LEAST_TOP, ...curve.map(([, mean]) => mean));
  const step = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 3, 4, 5, 6, 8, 10].map((factor) => factor * step).find((top) => top >= most) ?? 10 * step;
}

/**
 * @param {number[][]} curve
 * @param {{from: number, to: number}} minutes
 * @param {number} top
 * @param {number} width
 * @param {number} height
 * @returns {string} the area under the curve, as the `d` of a path; empty without a minute
 */
export function areaPath(curve, minutes, top, width, height) {
  if (!curve.length) {
    return "";
  }
  const places = curve.map(
    ([minute, mean]) =>
      /** @type {Place} */ ([
        ((minute - minutes.from) / (minutes.to - minutes.from)) * width,
        height - (Math.min(mean, top) / top) * height,
      ]),
  );
  const [first, last] = [places[0][0], places[places.length - 1][0]];
  const line = places.map(([x, y]) => `L${round(x)} ${round(y)}`).join("");
  return `M${round(first)} ${height}${line}L${round(last)} ${height}Z`;
}

/** @param {number} number */
function round(number) {
  return Math.round(number * 10) / 10;
}

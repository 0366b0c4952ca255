/**
 * How much sound the page aims to have in hand, where the source decides: what all parts of the player agree on.
 */

/** Nobody waits for more, and the jitter buffer has room for it: pages of Opus hold up to 5 s, segments of HLS 10. */
export const LONGEST_MS = 12_000;
/** The modes are made for sources that send so much at once. */
const USUAL_MS = 20;
/** A share of a burst, for bursts that come a little later than the last one. */
const MARGIN = 0.05;

/**
 * @param {number} burstMs how much sound the source sends at once, 0 while unknown
 * @returns {number} how much more than usual must be in hand
 */
export function burstExcessMs(burstMs) {
  return Math.min(LONGEST_MS, Math.max(0, burstMs - USUAL_MS) * (1 + MARGIN));
}

/**
 * Delays between retries, for the player and the uplink. Pure, in milliseconds.
 */

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;

/**
 * @param {number} attempt 0 for the first retry
 * @param {number} chance 0 to 1, for half of the delay, so that listeners do not all return at once
 * @returns {number} delay before this retry: 0.5 s, doubled with each attempt up to 15 s
 */
export function retryDelayMs(attempt, chance) {
  const full = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt, 10));
  return full * (0.5 + 0.5 * chance);
}

/**
 * How long the player waits: before it tries again, and before it takes silence for a dead connection.
 *
 * Pure functions, all times in milliseconds.
 */

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;

/**
 * Browsers read audio in blocks of 32 KiB (measured in Chromium and Firefox), so on a thin stream the clock of
 * the element moves in jumps of that many seconds. Two blocks and a margin must pass before it counts as stalled.
 */
const ELEMENT_BLOCK_BITS = 32 * 1024 * 8;
const STALL_MARGIN_MS = 5_000;
const STALL_UNKNOWN_MS = 20_000;
const STALL_LONGEST_MS = 60_000;

/**
 * @param {number} attempt 0 for the first retry
 * @param {number} chance 0 to 1: half of the delay is left to it, so that listeners do not return all at once
 * @returns {number} delay before this retry, doubling from 0.5 s to 15 s
 */
export function retryDelay(attempt, chance) {
  const full = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt, 10));
  return full * (0.5 + 0.5 * chance);
}

/**
 * @param {number} bitrateBps of the stream, 0 when unknown
 * @returns {number} how long currentTime may stand still while the connection is still given credit
 */
export function stallPatience(bitrateBps) {
  if (!(bitrateBps > 0)) {
    return STALL_UNKNOWN_MS;
  }
  const twoBlocks = (2 * ELEMENT_BLOCK_BITS * 1000) / bitrateBps;
  return Math.min(STALL_LONGEST_MS, STALL_MARGIN_MS + twoBlocks);
}

/**
 * Protects the page during a broadcast: the screen stays on, since phones stop the microphone behind a dark one, and the
 * browser asks before it closes the tab.
 */

import { confirmLeaving } from "../shared/own_broadcasts.js";

export class PageGuard {
  #isWanted = false;
  /** @type {WakeLockSentinel | null} */
  #lock = null;

  constructor() {
    // Browsers release the lock of a hidden page.
    document.addEventListener("visibilitychange", () => this.#request());
  }

  acquire() {
    this.#isWanted = true;
    addEventListener("beforeunload", confirmLeaving);
    this.#request();
  }

  release() {
    this.#isWanted = false;
    removeEventListener("beforeunload", confirmLeaving);
    this.#lock?.release();
    this.#lock = null;
  }

  async #request() {
    if (!this.#isWanted || document.hidden || !navigator.wakeLock) {
      return;
    }
    try {
      const lock = await navigator.wakeLock.request("screen");
      if (this.#isWanted) {
        this.#lock = lock;
      } else {
        lock.release();
      }
    } catch {
      // The system refuses the lock, for a low battery for example.
    }
  }
}

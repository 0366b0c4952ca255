/**
 * While one broadcasts: the screen stays on, since phones stop the microphone of a page behind a dark one, and the
 * browser asks before the tab is closed.
 */

/** @param {BeforeUnloadEvent} event */
function ask(event) {
  event.preventDefault();
  event.returnValue = true; // what browsers of before 2023 look at
}

export class Awake {
  #wanted = false;
  /** @type {WakeLockSentinel | null} */
  #lock = null;

  constructor() {
    // Browsers take the lock back from a page that is not seen.
    document.addEventListener("visibilitychange", () => this.#hold());
  }

  begin() {
    this.#wanted = true;
    addEventListener("beforeunload", ask);
    this.#hold();
  }

  end() {
    this.#wanted = false;
    removeEventListener("beforeunload", ask);
    this.#lock?.release();
    this.#lock = null;
  }

  async #hold() {
    if (!this.#wanted || document.hidden || !navigator.wakeLock) {
      return;
    }
    try {
      const lock = await navigator.wakeLock.request("screen");
      if (this.#wanted) {
        this.#lock = lock;
      } else {
        lock.release();
      }
    } catch {
      // A low battery may be the system's reason to say no.
    }
  }
}

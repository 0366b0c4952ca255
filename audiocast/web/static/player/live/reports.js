/**
 * When a jitter buffer tells how it is: four times a second, and whenever sound begins or ends.
 */

const REPORT_SECONDS = 0.25;

export class Reports {
  #dueAt = 0;
  #wasPlaying = false;

  /** @param {(report: import("./jitter_buffer.js").Report) => void} tell */
  constructor(tell) {
    this.tell = tell;
  }

  /**
   * @param {import("./jitter_buffer.js").Report} report
   * @param {number} nowSeconds
   */
  offer(report, nowSeconds) {
    if (report.isPlaying !== this.#wasPlaying || nowSeconds >= this.#dueAt) {
      this.#wasPlaying = report.isPlaying;
      this.#dueAt = nowSeconds + REPORT_SECONDS;
      this.tell(report);
    }
  }
}

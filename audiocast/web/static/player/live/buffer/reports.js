/**
 * When a jitter buffer reports: four times a second, and whenever sound starts or ends.
 */

const REPORT_SECONDS = 0.25;

export class Reports {
  #dueAt = 0;
  #wasPlaying = false;

  /** @param {(report: import("./jitter_buffer.js").Report) => void} send */
  constructor(send) {
    this.send = send;
  }

  /**
   * @param {import("./jitter_buffer.js").Report} report
   * @param {number} nowSeconds
   */
  offer(report, nowSeconds) {
    if (report.isPlaying !== this.#wasPlaying || nowSeconds >= this.#dueAt) {
      this.#wasPlaying = report.isPlaying;
      this.#dueAt = nowSeconds + REPORT_SECONDS;
      this.send(report);
    }
  }
}

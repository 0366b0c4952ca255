/**
 * The details of the playback: its method, delay, buffer, jitter and losses.
 */

export class PlaybackDetails {
  /**
   * @param {HTMLElement} panel with elements that carry `data-detail`
   * @param {import("../player/player.js").Player} player
   * @param {import("../shared/language.js").Language} language
   */
  constructor(panel, player, language) {
    this.panel = panel;
    this.player = player;
    this.language = language;
    for (const event of ["phase", "output", "report"]) {
      player.addEventListener(event, () => this.#show());
    }
    language.addEventListener("change", () => this.#show());
    this.#show();
  }

  #show() {
    const { language } = this;
    const { output } = this.player;
    const report = output?.report;
    this.panel.dataset.method = output?.name ?? "none";
    this.#setText("method", output ? language.translate(`method.${output.name}`) : "—");
    if (!output || !report) {
      this.#setText(
        "delay",
        language.translate(this.player.phase === "playing" ? "details.unknown" : "details.silent"),
      );
      for (const name of ["buffer", "jitter", "losses"]) {
        this.#setText(name, "—");
      }
      return;
    }
    const ms = (/** @type {number} */ value) => ({ ms: Math.round(value) });
    this.#setText("delay", language.translate("details.ms", ms(report.delayMs + output.outputMs)));
    this.#setText(
      "buffer",
      language.translate("details.buffer.of", { ...ms(report.bufferMs), target: Math.round(report.targetMs) }),
    );
    this.#setText("jitter", language.translate("details.ms", ms(report.jitterMs)));
    const losses = { count: report.underruns, ...ms(report.missingMs), reconnections: output.reconnections };
    this.#setText("losses", language.translate("details.underruns", losses));
  }

  /**
   * @param {string} name
   * @param {string} words
   */
  #setText(name, words) {
    const place = this.panel.querySelector(`[data-detail="${name}"]`);
    if (place) {
      place.textContent = words;
    }
  }
}

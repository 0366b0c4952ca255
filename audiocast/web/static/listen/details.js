/**
 * What the curious may see of the playback: the way it is done, the delay, the buffer, jitter and losses.
 */

export class Details {
  /**
   * @param {HTMLDetailsElement} panel with elements that carry `data-detail`
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
    panel.addEventListener("toggle", () => this.#show());
    this.#show();
  }

  #show() {
    const { language } = this;
    const { output } = this.player;
    const report = output?.report;
    this.panel.dataset.method = output?.name ?? "none";
    this.#put("method", output ? language.say(`method.${output.name}`) : "—");
    if (!output || !report) {
      this.#put("delay", language.say(this.player.phase === "playing" ? "details.unknown" : "details.silent"));
      for (const name of ["buffer", "jitter", "losses"]) {
        this.#put(name, "—");
      }
      return;
    }
    const ms = (/** @type {number} */ value) => ({ ms: Math.round(value) });
    this.#put("delay", language.say("details.ms", ms(report.bufferMs + output.outputMs)));
    this.#put(
      "buffer",
      language.say("details.buffer.of", { ...ms(report.bufferMs), target: Math.round(report.targetMs) }),
    );
    this.#put("jitter", language.say("details.ms", ms(report.jitterMs)));
    const losses = { count: report.holes, ...ms(report.missingMs), reconnections: output.reconnections };
    this.#put("losses", language.say("details.holes", losses));
  }

  /**
   * @param {string} name
   * @param {string} words
   */
  #put(name, words) {
    const place = this.panel.querySelector(`[data-detail="${name}"]`);
    if (place) {
      place.textContent = words;
    }
  }
}

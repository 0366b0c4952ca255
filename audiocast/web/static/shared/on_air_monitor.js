/**
 * Shows broadcasters whether their stream is on air, and what delays it.
 *
 * Never shows an old state as "on air": a state that the server has not confirmed recently is unknown.
 */

import { fetchLastRefusal } from "./api.js";
import { byId } from "./dom.js";
import { letThisBrowserIn } from "./private_listening.js";
import { StreamEvents, UNKNOWN_STREAM } from "./stream_events.js";
import { updateText } from "./language.js";

const TICK_MS = 1_000;
/** The monitor asks the server after this time without an event: a dead connection fires none. */
const REFRESH_AFTER_MS = 5_000;
/** A state counts as known for this long. After the computer slept, it does not. */
const TRUSTED_FOR_MS = 10_000;
/** The server makes pages of at most 100 ms; a source that sends longer ones adds their length to the delay. */
const LONG_PAGE_MS = 100;
/** What an encoder sends wrongly is refused at once; its broadcaster looks at this page then. */
const ASK_REFUSAL_EVERY_MS = 1_000;
/** Who has not begun by then looks seldom. */
const ASK_OFTEN_FOR_MS = 180_000;
const ASK_REFUSAL_LATER_EVERY_MS = 10_000;
/** Refusals that are known by a remedy, `refusal.{code}` in strings_start.js. */
const REMEDIES = [
  "not_ogg_opus",
  "multiplexed",
  "too_fast",
  "too_damaged",
  "no_audio",
  "stream_ended",
  "stream_suspended",
  "taken_over",
];

/** Fires "change" when the state of the broadcast changes, and "news" whenever the server tells anything of it. */
export class OnAirMonitor extends EventTarget {
  /** @type {StreamEvents | null} */
  #streamEvents = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer = undefined;
  /** @type {Partial<import("./stream_events.js").StreamState>} */
  #stream = UNKNOWN_STREAM;
  /** When the state was confirmed, by `Date.now()`, which goes on while the computer sleeps. */
  #updatedAt = 0;
  #isAsking = false;
  #shownState = "";
  /** @type {import("./api.js").Broadcast | null} */
  #broadcast = null;
  /** @type {Api.LastRefusal | null} */
  #refusal = null;
  #isAskingRefusal = false;
  #refusalAskedAt = -Infinity;
  #watchedSince = 0;
  /** When the shown state last changed, by `performance.now`. */
  stateChangedAt = -Infinity;

  /** @param {import("./language.js").Language} language */
  constructor(language) {
    super();
    this.language = language;
    language.addEventListener("change", () => this.#show());
    for (const name of ["online", "offline"]) {
      addEventListener(name, () => this.#refresh());
    }
    document.addEventListener("visibilitychange", () => this.#tick());
  }

  /** @param {import("./api.js").Broadcast} broadcast that the server has just created */
  watch(broadcast) {
    const streamEvents = new StreamEvents(`/api/streams/${encodeURIComponent(broadcast.stream_id)}`);
    streamEvents.addEventListener("state", (event) => this.#update(/** @type {CustomEvent} */ (event).detail));
    streamEvents.addEventListener("interrupted", () => letThisBrowserIn(broadcast).then(() => this.#refresh()));
    this.#streamEvents = streamEvents;
    this.#broadcast = broadcast;
    this.#refusal = null;
    this.#watchedSince = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#update(UNKNOWN_STREAM);
    letThisBrowserIn(broadcast).then(() => {
      if (streamEvents === this.#streamEvents) {
        streamEvents.open();
      }
    });
  }

  stop() {
    clearInterval(this.#timer);
    this.#streamEvents?.close();
    this.#streamEvents = null;
    this.#broadcast = null;
    this.#shownState = "";
    document.title = "audiocast";
  }

  /** @returns {"waiting" | "live" | "held" | "ended" | "unknown"} */
  get state() {
    if (Date.now() - this.#updatedAt > TRUSTED_FOR_MS) {
      return "unknown";
    }
    const { state = "waiting", page_ms: pageMs } = this.#stream;
    // A stream stays live for seconds after its source is gone, in case it comes back.
    return state === "live" && pageMs === null ? "held" : state;
  }

  /** Whether the broadcaster has muted the sound, as the server knows it. */
  get isMuted() {
    return this.state === "live" && this.#stream.muted === true;
  }

  /** When the broadcast went on air, unix seconds by the server's clock; 0 where that is not known. */
  get startedAt() {
    return this.#stream.started_at ?? 0;
  }

  /** @param {Partial<import("./stream_events.js").StreamState>} stream */
  #update(stream) {
    this.#stream = stream;
    this.#updatedAt = Date.now();
    this.#show();
    this.dispatchEvent(new Event("news"));
  }

  #tick() {
    if (Date.now() - this.#updatedAt > REFRESH_AFTER_MS) {
      this.#refresh();
    }
    this.#askForRefusal();
    this.#show();
  }

  /** While nothing is on the air: ask why, seldom when the page is hidden or has waited for long. */
  async #askForRefusal() {
    const broadcast = this.#broadcast;
    const now = performance.now();
    const isEarly = now - this.#watchedSince < ASK_OFTEN_FOR_MS && !document.hidden;
    const every = isEarly ? ASK_REFUSAL_EVERY_MS : ASK_REFUSAL_LATER_EVERY_MS;
    // A tick that comes a little early is as good.
    const isDue = now - this.#refusalAskedAt > every - TICK_MS / 2;
    if (!broadcast || this.#isAskingRefusal || !isDue || this.state === "live") {
      return;
    }
    this.#isAskingRefusal = true;
    this.#refusalAskedAt = now;
    const refusal = await fetchLastRefusal(broadcast);
    this.#isAskingRefusal = false;
    if (broadcast === this.#broadcast) {
      this.#refusal = refusal;
      this.#show();
    }
  }

  async #refresh() {
    const streamEvents = this.#streamEvents;
    if (!streamEvents || this.#isAsking) {
      return;
    }
    this.#isAsking = true;
    const isKnown = await streamEvents.refresh();
    this.#isAsking = false;
    if (isKnown === null && streamEvents === this.#streamEvents) {
      this.#updatedAt = 0;
      this.#show();
    }
  }

  #show() {
    if (!this.#streamEvents) {
      return;
    }
    const { state, language } = this;
    const { started_at: startedAt, listeners, listener_peak: peak, page_ms: pageMs } = this.#stream;
    const isLive = state === "live";
    const headline = language.translate(this.isMuted ? "air.muted" : `air.${state}`);
    byId("monitor").dataset.stream = state;
    updateText(byId("air"), headline);
    const since = startedAt ? language.translate("since", { time: language.clock(startedAt) }) : "";
    const count = language.translate("listeners", { count: listeners ?? 0 });
    const most = peak ? language.translate("air.peak", { count: peak }) : "";
    const { source_priority: priority, standby } = this.#stream;
    const backup = priority ? language.translate("air.backup", { priority }) : "";
    const spare = standby ? language.translate("air.standby", { count: standby }) : "";
    const facts = [since, count, most, backup, spare].filter(Boolean).join(" · ");
    byId("air-facts").textContent = isLive ? facts : language.translate(`air.${state}.more`);
    const isLate = isLive && (pageMs ?? 0) > LONG_PAGE_MS;
    byId("air-delay").hidden = !isLate;
    updateText(byId("air-delay-text"), isLate ? language.translate("air.delay", { ms: pageMs ?? 0 }) : "");
    this.#showRefusal(isLive ? null : this.#refusal);
    this.#showRecap();
    document.title = `${headline} · audiocast`;
    if (state !== this.#shownState) {
      this.#shownState = state;
      this.stateChangedAt = performance.now();
      this.dispatchEvent(new Event("change"));
    }
  }

  /** When it is over: how long it was, and how many listened. */
  #showRecap() {
    const last = this.state === "ended" ? this.#stream.last_broadcast : null;
    const recap = byId("air-recap");
    recap.hidden = !last;
    if (last) {
      const time = duration(last.ended_at - last.started_at);
      updateText(recap, this.language.translate("air.recap", { time, count: last.listener_peak }));
    }
  }

  /** @param {Api.LastRefusal | null} refusal */
  #showRefusal(refusal) {
    const { language } = this;
    const message = refusal?.message ?? "";
    const remedy = refusal && REMEDIES.includes(refusal.code) ? language.translate(`refusal.${refusal.code}`) : "";
    byId("air-refusal").hidden = !refusal;
    updateText(byId("air-refusal-text"), refusal ? language.translate("refusal", { message }) : "");
    updateText(byId("air-refusal-remedy"), remedy);
  }
}

/**
 * @param {number} seconds
 * @returns {string} hours, minutes and seconds, as 1:02:03
 */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, "0"));
  return [Math.floor(whole / 3600), ...parts].join(":");
}

/**
 * What broadcasters are told of their own stream: whether they are on air, and what delays them.
 *
 * Never says "on air" on old news: what the server has not confirmed of late is called unknown.
 */

import { byId } from "./dom.js";
import { StreamFeed, UNKNOWN_STREAM } from "./stream_events.js";
import { setWords } from "./language.js";

const TICK_MS = 1_000;
/** The server is asked after so long without news: a dead connection does not tell of itself. */
const ASK_AFTER_MS = 5_000;
/** What was heard is true for so long. After a sleep of the computer it is not. */
const BELIEVED_FOR_MS = 10_000;
/** The server cuts what it gets into pages of at most 100 ms; what comes in longer ones was waited for. */
const LONG_PAGE_MS = 100;

/** Fires "change" when the broadcaster is on air, or is no longer. */
export class Monitor extends EventTarget {
  /** @type {StreamFeed | null} */
  #feed = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer = undefined;
  /** @type {Partial<import("./stream_events.js").StreamState>} */
  #stream = UNKNOWN_STREAM;
  /** By `Date.now()`, which goes on while the computer sleeps. */
  #heardAt = 0;
  #asking = false;
  #shown = "";
  /** When `air` was last another than before, by `performance.now`. */
  changedAt = -Infinity;

  /** @param {import("./language.js").Language} language */
  constructor(language) {
    super();
    this.language = language;
    language.addEventListener("change", () => this.#show());
    for (const name of ["online", "offline"]) {
      addEventListener(name, () => this.#ask());
    }
    document.addEventListener("visibilitychange", () => this.#tick());
  }

  /** @param {string} streamId of a stream that the server has just made */
  watch(streamId) {
    const feed = new StreamFeed(`/api/streams/${encodeURIComponent(streamId)}`);
    feed.addEventListener("state", (event) => this.#hear(/** @type {CustomEvent} */ (event).detail));
    feed.addEventListener("interrupted", () => this.#ask());
    this.#feed = feed;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#hear(UNKNOWN_STREAM);
    feed.open();
  }

  stop() {
    clearInterval(this.#timer);
    this.#feed?.close();
    this.#feed = null;
    this.#shown = "";
    document.title = "audiocast";
  }

  /** @returns {"waiting" | "live" | "held" | "ended" | "unknown"} */
  get air() {
    if (Date.now() - this.#heardAt > BELIEVED_FOR_MS) {
      return "unknown";
    }
    const { state = "waiting", page_ms } = this.#stream;
    // The server calls a stream live for seconds after its source has gone, in case it is back.
    return state === "live" && page_ms === null ? "held" : state;
  }

  /** @param {Partial<import("./stream_events.js").StreamState>} stream */
  #hear(stream) {
    this.#stream = stream;
    this.#heardAt = Date.now();
    this.#show();
  }

  #tick() {
    if (Date.now() - this.#heardAt > ASK_AFTER_MS) {
      this.#ask();
    }
    this.#show();
  }

  async #ask() {
    const feed = this.#feed;
    if (!feed || this.#asking) {
      return;
    }
    this.#asking = true;
    const known = await feed.refresh();
    this.#asking = false;
    if (known === null && feed === this.#feed) {
      this.#heardAt = 0;
      this.#show();
    }
  }

  #show() {
    if (!this.#feed) {
      return;
    }
    const { air, language } = this;
    const { started_at: startedAt, listeners, page_ms: pageMs } = this.#stream;
    const isLive = air === "live";
    byId("monitor").dataset.stream = air;
    setWords(byId("air"), language.say(`air.${air}`));
    const since = startedAt ? language.say("since", { time: language.clock(startedAt) }) : "";
    const count = language.say("listeners", { count: listeners ?? 0 });
    const facts = [since, count].filter(Boolean).join(" · ");
    byId("air-facts").textContent = isLive ? facts : language.say(`air.${air}.more`);
    const isLate = isLive && (pageMs ?? 0) > LONG_PAGE_MS;
    byId("air-delay").hidden = !isLate;
    setWords(byId("air-delay-text"), isLate ? language.say("air.delay", { ms: pageMs ?? 0 }) : "");
    document.title = `${language.say(`air.${air}`)} · audiocast`;
    if (air !== this.#shown) {
      this.#shown = air;
      this.changedAt = performance.now();
      this.dispatchEvent(new Event("change"));
    }
  }
}

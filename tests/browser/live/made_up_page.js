/**
 * A server, a browser and a clock that are made up, around the page's real modules: minutes of listening in a moment.
 *
 * The sound is loud on the left; on the right is its own clock, in seconds. What is scheduled at the audio context says
 * what a listener hears.
 */

import { mock } from "node:test";

import { AudioOutput } from "../../../audiocast/web/static/player/live/audio_output.js";
import { LiveOutput } from "../../../audiocast/web/static/player/live/live_output.js";
import { MODES } from "../../../audiocast/web/static/player/live/playback_methods.js";

// What the page loads only then: loading takes no time of the made-up clock.
await import("../../../audiocast/web/static/player/live/session.js");
await import("../../../audiocast/web/static/player/live/timer_sink.js");

const RATE = 48_000;
const PACKET_MS = 20;
const PACKET_SAMPLES = (RATE * PACKET_MS) / 1000;
/** How much the server puts on a page. */
const PACKETS_A_PAGE = 5;
const STEP_MS = 10;
const LEVEL = 0.5;
/** A packet of 20 ms (RFC 6716 section 3.1). */
const TOC = 248;

/** Around the page; each page has it anew. */
let world = newWorld();

function newWorld() {
  return {
    nowMs: 0,
    /** Numbers of the packets that the server has. */
    backlog: [],
    connections: [],
    connects: 0,
    /** Of each connection. @type {URLSearchParams[]} */
    queries: [],
    isContextRunning: true,
    contexts: [],
    decodedSamples: PACKET_SAMPLES,
    blocks: [],
  };
}

/**
 * Open a page and listen by the browser's decoder, until the output is of no use any more.
 *
 * @param {object} air
 * @param {(sentMs: number) => number} air.arrivesMs when the server has the packet whose sound ends then
 * @param {number} air.listensAtMs when the button is pressed
 * @param {number} air.untilMs
 * @param {"live" | "stable"} [air.mode]
 * @param {number | ((nowMs: number) => number)} [air.burstMs] what the server has told of the source
 * @param {number} [air.decodedSamples] how many come out of the decoder for each packet
 * @param {(output: LiveOutput, world: object) => void} [air.onStep] each 10 ms
 */
export async function openPage({ arrivesMs, listensAtMs, untilMs, mode = "live", burstMs = 20, onStep, ...rest }) {
  world = { ...newWorld(), ...rest };
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const audio = Object.assign(new EventTarget(), { muted: false, volume: 1 });
  const audioOutput = new AudioOutput(/** @type {any} */ (audio));
  const output = new LiveOutput("webcodecs", "/stream/x", MODES[mode], audioOutput, () =>
    typeof burstMs === "number" ? burstMs : burstMs(world.nowMs),
  );
  const events = [];
  const reports = [];
  for (const name of ["playing", "waiting", "paused", "resumed", "lost", "unsupported", "silent"]) {
    output.addEventListener(name, () => events.push({ name, atMs: world.nowMs }));
  }
  output.addEventListener("report", () => output.report && reports.push({ ...output.report, atMs: world.nowMs }));
  try {
    for (; world.nowMs < untilMs; world.nowMs += STEP_MS) {
      for (let packet = world.backlog.length; arrivesMs((packet + 1) * PACKET_MS) <= world.nowMs; packet += 1) {
        world.backlog.push(packet);
      }
      world.connections.forEach((connection) => connection.sendNew());
      if (world.nowMs === listensAtMs) {
        output.start();
      }
      onStep?.(output, world);
      mock.timers.tick(STEP_MS);
      await new Promise((resolve) => setImmediate(resolve));
    }
    output.release();
  } finally {
    mock.timers.reset();
  }
  return { events, reports, connects: world.connects, queries: world.queries, ...heard(world.blocks) };
}

/** @param {{atMs: number, left: Float32Array, right: Float32Array}[]} blocks */
function heard(blocks) {
  const moments = blocks
    .filter(({ left }) => left[0] > 0.05)
    .map(({ atMs, left, right }) => ({ atMs, delayMs: atMs - (1000 * right[0] * LEVEL) / left[0] }));
  const between = (fromMs, toMs) => blocks.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  return {
    moments,
    /** How much is silent: of each block of 10 ms the first sample. */
    silentMs: (fromMs, toMs) => between(fromMs, toMs).filter(({ left }) => left[0] < 0.05).length * 10,
  };
}

class MadeUpContext extends EventTarget {
  sampleRate = RATE;
  outputLatency = 0;
  destination = {};
  state = "suspended";

  constructor() {
    super();
    world.contexts.push(this);
  }

  #seconds = 0;

  /** In seconds of the page's clock; it stands still while the context does. */
  get currentTime() {
    this.#seconds = this.state === "running" ? world.nowMs / 1000 : this.#seconds;
    return this.#seconds;
  }

  async resume() {
    if (!world.isContextRunning) {
      await new Promise(() => {});
    }
    this.state = "running";
  }

  async suspend() {
    this.state = "suspended";
  }

  createGain() {
    const ignored = () => {};
    const names = ["setTargetAtTime", "setValueAtTime", "linearRampToValueAtTime", "cancelScheduledValues"];
    const gain = Object.fromEntries(names.map((name) => [name, ignored]));
    return { gain: { value: 1, ...gain }, connect: ignored, disconnect: ignored };
  }

  createBuffer(channels, length) {
    const planes = Array.from({ length: channels }, () => new Float32Array(length));
    return { duration: length / RATE, getChannelData: (channel) => planes[channel] };
  }

  createBufferSource() {
    return {
      buffer: null,
      connect() {},
      start(atSeconds) {
        const [left, right] = [this.buffer.getChannelData(0), this.buffer.getChannelData(1)];
        world.blocks.push({ atMs: 1000 * atSeconds, left, right });
      },
    };
  }
}

class MadeUpDecoder {
  state = "configured";

  static async isConfigSupported() {
    return { supported: true };
  }

  constructor({ output }) {
    this.output = output;
  }

  configure() {}

  close() {
    this.state = "closed";
  }

  decode({ data }) {
    const first = new DataView(data.buffer, data.byteOffset).getUint32(1) * PACKET_SAMPLES;
    this.output({
      numberOfChannels: 2,
      numberOfFrames: world.decodedSamples,
      copyTo: (samples, { planeIndex }) =>
        samples.forEach((_, index) => (samples[index] = planeIndex === 0 ? LEVEL : (first + index) / RATE)),
      close() {},
    });
  }
}

/** What the server sends to one listener. */
class Connection {
  #bytes = oggPage(0, 2, [head()]);
  #next;
  #waiting = null;

  /** @param {number} prerollMs */
  constructor(prerollMs) {
    this.#next = Math.max(0, world.backlog.length - Math.floor(prerollMs / PACKET_MS));
    this.sendNew();
  }

  sendNew() {
    while (this.#next < world.backlog.length) {
      const packets = world.backlog.slice(this.#next, this.#next + PACKETS_A_PAGE);
      this.#next += packets.length;
      const bytes = packets.map((number) => [TOC, ...new Uint8Array(Uint32Array.of(number).buffer).reverse()]);
      this.#bytes.push(...oggPage(this.#next * PACKET_SAMPLES, 0, bytes));
    }
    this.#answer();
  }

  read() {
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#answer();
    });
  }

  #answer() {
    if (this.#waiting && this.#bytes.length > 0) {
      const value = Uint8Array.from(this.#bytes);
      this.#bytes = [];
      this.#waiting({ done: false, value });
      this.#waiting = null;
    }
  }
}

function head() {
  return [..."OpusHead"].map((letter) => letter.charCodeAt(0)).concat([1, 2, 0, 0, 128, 187, 0, 0, 0, 0, 0]);
}

/**
 * @param {number} granule
 * @param {number} flags
 * @param {number[][]} packets shorter than 255 bytes
 */
function oggPage(granule, flags, packets) {
  const view = new DataView(new ArrayBuffer(27));
  [..."OggS"].forEach((letter, index) => view.setUint8(index, letter.charCodeAt(0)));
  view.setUint8(5, flags);
  view.setBigInt64(6, BigInt(granule), true);
  view.setUint32(14, 7, true);
  view.setUint8(26, packets.length);
  return [...new Uint8Array(view.buffer), ...packets.map(({ length }) => length), ...packets.flat()];
}

Object.defineProperty(globalThis, "performance", { value: { now: () => world.nowMs } });
globalThis.EncodedAudioChunk = class {
  constructor(fields) {
    Object.assign(this, fields);
  }
};
globalThis.AudioDecoder = MadeUpDecoder;
globalThis.AudioContext = MadeUpContext;
globalThis.fetch = async (url, { signal }) => {
  const { searchParams } = new URL(url, "http://localhost");
  const connection = new Connection(1000 * Number(searchParams.get("preroll")));
  const { connections } = world;
  world.connects += 1;
  world.queries.push(searchParams);
  connections.push(connection);
  const aborted = new Promise((_, reject) => {
    signal.addEventListener("abort", () => {
      connections.splice(connections.indexOf(connection), 1);
      reject(new Error("aborted"));
    });
  });
  aborted.catch(() => {});
  const read = () => Promise.race([connection.read(), aborted]);
  return { ok: true, status: 200, body: { getReader: () => ({ read }) } };
};

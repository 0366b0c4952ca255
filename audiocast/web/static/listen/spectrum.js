/**
 * The spectrum of the sound: bars over a logarithmic frequency axis, drawn on a canvas.
 *
 * Never interrupts the sound. Sound that runs through Web Audio already is tapped. The element is routed through Web Audio
 * only once the context runs, and not at all on iPhone and iPad, where a locked screen suspends the context and would
 * mute the element.
 * Writes the loudest frequency to `canvas.dataset.peakHz` about once a second while sound is playing.
 */

import { SAMPLE_RATE } from "../shared/sample_rate.js";

const FFT_SIZE = 4096;
const SMOOTHING = 0.75;
const LOWEST_HZ = 50;
const HIGHEST_HZ = 14_000;
const FLOOR_DB = -90;
const CEILING_DB = -20;
const BAR_PITCH_PX = 8;
const BAR_WIDTH_PX = 4;
const PEAK_INTERVAL_MS = 1_000;
/** Bars fall by at most this share of the height in a frame, which looks calmer than the raw values. */
const FALL_PER_FRAME = 0.03;

export class Spectrum {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {AnalyserNode | null} of the element, once it is routed */
  #elementAnalyser = null;
  /** @type {AudioNode | null} */
  #tapped = null;
  /** @type {AnalyserNode | null} of what is tapped */
  #tapAnalyser = null;
  /** @type {AnalyserNode | null} of what is heard now */
  #analyser = null;
  #decibels = new Float32Array(FFT_SIZE / 2);
  #isPlaying = false;
  #frame = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #peakTimer = undefined;
  /** @type {number[]} height of each bar, 0 to 1 */
  #heights = [];
  #reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

  /**
   * @param {HTMLCanvasElement} canvas drawn in its own CSS `color`
   * @param {HTMLAudioElement} audio from this origin, so that the analyser may read it
   * @param {boolean} mayRoute whether the sound may go through Web Audio on this device
   */
  constructor(canvas, audio, mayRoute) {
    this.canvas = canvas;
    this.audio = audio;
    this.mayRoute = mayRoute;
    new ResizeObserver(() => this.#draw()).observe(canvas);
    for (const query of [this.#reducedMotion, matchMedia("(prefers-color-scheme: dark)")]) {
      query.addEventListener("change", () => this.#refresh());
    }
  }

  /** Create or resume the audio context. Browsers allow that in a click, and sometimes elsewhere. */
  wake() {
    if (!this.mayRoute || typeof AudioContext === "undefined") {
      return;
    }
    if (!this.#context) {
      this.#context = new AudioContext({ latencyHint: "playback" });
      this.#context.addEventListener("statechange", () => this.#routeWhenRunning());
    }
    if (this.#context.state !== "running") {
      this.#context.resume().catch(() => {}); // refused: the sound plays without a spectrum, and the next click tries again
    }
    this.#routeWhenRunning();
  }

  /** @param {boolean} playing whether sound is coming out */
  show(playing) {
    this.#isPlaying = playing;
    clearInterval(this.#peakTimer);
    if (playing) {
      this.#peakTimer = setInterval(() => {
        this.#writePeak();
        if (this.#reducedMotion.matches) {
          this.#refresh(); // a new picture now and then moves nothing, and shows that there is sound
        }
      }, PEAK_INTERVAL_MS);
    } else {
      delete this.canvas.dataset.peakHz;
    }
    this.#refresh();
  }

  /** @param {AudioNode | null} node the sound, where it runs through Web Audio already; null for the element's */
  tap(node) {
    if (node !== this.#tapped) {
      this.#tapped = node;
      this.#tapAnalyser = node && newAnalyser(node.context);
      if (node && this.#tapAnalyser) {
        node.connect(this.#tapAnalyser);
      }
    }
    this.#analyser = this.#tapAnalyser ?? this.#elementAnalyser;
  }

  #routeWhenRunning() {
    if (this.#elementAnalyser || this.#context?.state !== "running") {
      return;
    }
    const analyser = newAnalyser(this.#context);
    this.#context.createMediaElementSource(this.audio).connect(analyser).connect(this.#context.destination);
    this.#elementAnalyser = this.#analyser = analyser;
  }

  #refresh() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#step());
  }

  #step() {
    this.#measure();
    this.#draw();
    const isSettled = !this.#isPlaying && this.#heights.every((height) => height === 0);
    if (!isSettled && !this.#reducedMotion.matches) {
      this.#frame = requestAnimationFrame(() => this.#step());
    }
  }

  #measure() {
    const bars = Math.max(1, Math.floor(this.canvas.clientWidth / BAR_PITCH_PX));
    if (this.#isPlaying && this.#analyser) {
      this.#analyser.getFloatFrequencyData(this.#decibels);
    }
    this.#heights = Array.from({ length: bars }, (_, bar) => {
      const target = !this.#isPlaying ? 0 : this.#analyser ? this.#level(bar, bars) : swell(bar, bars);
      const fall = this.#reducedMotion.matches ? 1 : FALL_PER_FRAME;
      return Math.max(target, (this.#heights[bar] ?? 0) - fall, 0);
    });
  }

  /**
   * @param {number} bar
   * @param {number} bars
   * @returns {number} 0 to 1: the loudest bin within the bar's band
   */
  #level(bar, bars) {
    const ratio = HIGHEST_HZ / LOWEST_HZ;
    const first = Math.round((LOWEST_HZ * ratio ** (bar / bars)) / this.#hzPerBin());
    const last = Math.max(first + 1, Math.round((LOWEST_HZ * ratio ** ((bar + 1) / bars)) / this.#hzPerBin()));
    const loudest = Math.max(...this.#decibels.subarray(first, last));
    return Math.min(1, Math.max(0, (loudest - FLOOR_DB) / (CEILING_DB - FLOOR_DB)));
  }

  #hzPerBin() {
    return (this.#analyser?.context.sampleRate ?? SAMPLE_RATE) / FFT_SIZE;
  }

  #writePeak() {
    if (!this.#analyser) {
      return;
    }
    this.#analyser.getFloatFrequencyData(this.#decibels);
    let loudest = 1;
    for (let bin = 2; bin < this.#decibels.length; bin += 1) {
      if (this.#decibels[bin] > this.#decibels[loudest]) {
        loudest = bin;
      }
    }
    const isAudible = this.#decibels[loudest] > FLOOR_DB;
    this.canvas.dataset.peakHz = isAudible ? String(Math.round(loudest * this.#hzPerBin())) : "0";
  }

  #draw() {
    const scale = window.devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const brush = this.canvas.getContext("2d");
    if (!brush || width === 0) {
      return;
    }
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    brush.scale(scale, scale);
    brush.strokeStyle = getComputedStyle(this.canvas).color;
    brush.lineWidth = BAR_WIDTH_PX;
    brush.lineCap = "round";
    const bars = Math.max(1, Math.floor(width / BAR_PITCH_PX));
    const left = (width - (bars - 1) * BAR_PITCH_PX) / 2;
    for (let bar = 0; bar < bars; bar += 1) {
      const level = this.#heights[bar] ?? 0;
      const half = (level * (height - BAR_WIDTH_PX)) / 2;
      const x = left + bar * BAR_PITCH_PX;
      brush.globalAlpha = 0.35 + 0.65 * level;
      brush.beginPath();
      brush.moveTo(x, height / 2 - half);
      brush.lineTo(x, height / 2 + half + 0.01); // round caps need a line, however short
      brush.stroke();
    }
  }
}

/** @param {BaseAudioContext} context */
function newAnalyser(context) {
  const analyser = context.createAnalyser();
  analyser.fftSize = FFT_SIZE;
  analyser.smoothingTimeConstant = SMOOTHING;
  return analyser;
}

/**
 * Return the height of a bar where the sound cannot be measured: a slow, even swell that cannot be taken for a measurement.
 *
 * @param {number} bar
 * @param {number} bars
 */
function swell(bar, bars) {
  return 0.16 + 0.12 * Math.sin(performance.now() / 700 + (bar / bars) * 4 * Math.PI);
}

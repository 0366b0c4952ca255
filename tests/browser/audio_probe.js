/**
 * Runs in a page before the page's own scripts, and records what goes to its audio destinations.
 *
 * `window.audioProbe` has the record, in milliseconds of the wall clock: `pressedAt`, the last mouse click;
 * `firstSoundAt`; `clicks`, tones louder than the sound between them, as `{hz, at}`; `gaps`, silence after the first
 * sound, as `{from, to}`; `missed`, what it could not look at, likewise. An analyser holds the newest samples of the audio
 * thread; the probe reads it before they are replaced, unless the page has no processor for so long.
 */

window.audioProbe = { pressedAt: null, firstSoundAt: null, clicks: [], gaps: [], missed: [] };
addEventListener("click", () => (window.audioProbe.pressedAt = Date.now()), { capture: true });
{
  const SAMPLES = 32768;
  const POLL_MS = 20;
  const FAINT = 0.004;
  const LOUD = 0.25;
  /** Longer than from one zero of a tone to the next. */
  const QUIET_SECONDS = 0.01;
  /** A click is recorded once this much of it can be analysed. */
  const CLICK_SECONDS = 0.02;
  const BETWEEN_CLICKS_MS = 500;
  /** Two reads of the same moment may differ by this much. */
  const BLUR_MS = 40;
  const { audioProbe: probe } = window;
  const connect = AudioNode.prototype.connect;

  /** Runs of at least this many samples below a level, as pairs of start and end. */
  const pauses = (samples, level, atLeast) => {
    const found = [];
    let from = 0;
    for (let at = 0; at <= samples.length; at += 1) {
      if (at === samples.length || Math.abs(samples[at]) > level) {
        if (at - from >= atLeast) {
          found.push([from, at]);
        }
        from = at + 1;
      }
    }
    return found;
  };

  const frequency = (samples, rate) => {
    let crossings = 0;
    for (let index = 1; index < samples.length; index += 1) {
      crossings += samples[index - 1] < 0 !== samples[index] < 0 ? 1 : 0;
    }
    return (crossings * rate) / (2 * samples.length);
  };

  const noteGap = (from, to) => {
    const last = probe.gaps.at(-1);
    if (last && from <= last.to + BLUR_MS) {
      last.to = Math.max(last.to, to);
    } else {
      probe.gaps.push({ from, to });
    }
  };

  const listen = (node) => {
    const { context } = node;
    const rate = context.sampleRate;
    const analyser = context.createAnalyser();
    analyser.fftSize = SAMPLES;
    connect.call(node, analyser);
    const samples = new Float32Array(SAMPLES);
    const quiet = QUIET_SECONDS * rate;
    const click = CLICK_SECONDS * rate;
    let before = Infinity;
    setInterval(() => {
      const now = Date.now();
      const from = now - (1000 * SAMPLES) / rate;
      if (from > before) {
        probe.missed.push({ from: before, to: from });
      }
      before = now;
      analyser.getFloatTimeDomainData(samples);
      const timeOf = (sample) => now - (1000 * (SAMPLES - sample)) / rate;
      if (probe.firstSoundAt === null) {
        const first = samples.findIndex((sample) => Math.abs(sample) > FAINT);
        probe.firstSoundAt = first < 0 ? null : timeOf(first);
        return;
      }
      for (const [from, to] of pauses(samples, FAINT, quiet)) {
        if (timeOf(to) > probe.firstSoundAt + BLUR_MS) {
          noteGap(timeOf(from), timeOf(to));
        }
      }
      const begins = pauses(samples, LOUD, quiet).at(-1)?.[1] ?? SAMPLES;
      const lastAt = probe.clicks.at(-1)?.at ?? 0;
      if (begins < SAMPLES - click && timeOf(begins) - lastAt > BETWEEN_CLICKS_MS) {
        probe.clicks.push({ hz: frequency(samples.slice(begins, begins + click), rate), at: timeOf(begins) });
      }
    }, POLL_MS);
  };

  AudioNode.prototype.connect = function (target, ...rest) {
    if (target === this.context.destination) {
      listen(this);
    }
    return connect.call(this, target, ...rest);
  };
}

/**
 * What a test runs in a page before the page's own scripts: an ear on whatever goes to the loudspeaker.
 *
 * `window.ear` has all that it notes, in milliseconds of the wall clock: `clickedAt`, when somebody clicked;
 * `firstSoundAt`; `ticks`, tones louder than what is between them, as `{hz, at}`; `holes`, silence after the first
 * sound, as `{from, to}`. An analyser has the newest samples of the audio thread, and is looked at more often than they
 * last.
 */

window.ear = { clickedAt: null, firstSoundAt: null, ticks: [], holes: [] };
addEventListener("click", () => (window.ear.clickedAt = Date.now()), { capture: true });
{
  const SAMPLES = 32768;
  const LOOK_MS = 20;
  const FAINT = 0.004;
  const LOUD = 0.25;
  /** Longer than from one zero of a tone to the next. */
  const QUIET_SECONDS = 0.01;
  /** So much of a tick is looked at before it is noted. */
  const TICK_SECONDS = 0.02;
  const BETWEEN_TICKS_MS = 500;
  /** Two looks at one moment may differ by as much. */
  const BLUR_MS = 40;
  const { ear } = window;
  const connect = AudioNode.prototype.connect;

  /** Where nothing is above a level for so many samples and more, as pairs of beginning and end. */
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

  const noteHole = (from, to) => {
    const last = ear.holes.at(-1);
    if (last && from <= last.to + BLUR_MS) {
      last.to = Math.max(last.to, to);
    } else {
      ear.holes.push({ from, to });
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
    const tick = TICK_SECONDS * rate;
    setInterval(() => {
      const now = Date.now();
      analyser.getFloatTimeDomainData(samples);
      const timeOf = (sample) => now - (1000 * (SAMPLES - sample)) / rate;
      if (ear.firstSoundAt === null) {
        const first = samples.findIndex((sample) => Math.abs(sample) > FAINT);
        ear.firstSoundAt = first < 0 ? null : timeOf(first);
        return;
      }
      for (const [from, to] of pauses(samples, FAINT, quiet)) {
        if (timeOf(to) > ear.firstSoundAt + BLUR_MS) {
          noteHole(timeOf(from), timeOf(to));
        }
      }
      const begins = pauses(samples, LOUD, quiet).at(-1)?.[1] ?? SAMPLES;
      const lastAt = ear.ticks.at(-1)?.at ?? 0;
      if (begins < SAMPLES - tick && timeOf(begins) - lastAt > BETWEEN_TICKS_MS) {
        ear.ticks.push({ hz: frequency(samples.slice(begins, begins + tick), rate), at: timeOf(begins) });
      }
    }, LOOK_MS);
  };

  AudioNode.prototype.connect = function (target, ...rest) {
    if (target === this.context.destination) {
      listen(this);
    }
    return connect.call(this, target, ...rest);
  };
}

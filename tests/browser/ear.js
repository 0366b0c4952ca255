/**
 * What a test runs in a page before the page's own scripts: an ear on whatever goes to the loudspeaker.
 *
 * Notes in `window.heard` at which wall-clock time each tone after a silence begins, as `{hz, atMs}`, and in
 * `window.clickedAtMs` when somebody clicked. An analyser has the newest samples of the audio thread, and is looked at
 * more often than they last. `window.outputMs` is how much later the loudspeaker has them, as the browser says it.
 */

window.heard = [];
window.outputMs = 0;
addEventListener("click", () => (window.clickedAtMs = Date.now()), { capture: true });
{
  const SAMPLES = 8192;
  const LOOK_MS = 8;
  const LOUD = 0.02;
  /** Longer than from one zero of a tone to the next. */
  const QUIET_SECONDS = 0.01;
  /** So much of a tone is looked at before it is noted. */
  const TONE_SECONDS = 0.02;
  /** Asked earlier, Firefox ESR 153 hangs. */
  const OUTPUT_KNOWN_AFTER_SECONDS = 2;
  const connect = AudioNode.prototype.connect;

  /** How many samples ago sound began after a silence; 0: it did not within these. */
  const onset = (samples, quiet) => {
    let silent = 0;
    let ago = 0;
    samples.forEach((value, index) => {
      if (Math.abs(value) > LOUD) {
        ago = silent >= quiet ? samples.length - index : ago;
        silent = 0;
      } else {
        silent += 1;
      }
    });
    return ago;
  };

  const frequency = (samples, rate) => {
    let crossings = 0;
    for (let index = 1; index < samples.length; index += 1) {
      crossings += samples[index - 1] < 0 !== samples[index] < 0 ? 1 : 0;
    }
    return (crossings * rate) / (2 * samples.length);
  };

  const listen = (node) => {
    const { context } = node;
    const rate = context.sampleRate;
    const analyser = context.createAnalyser();
    analyser.fftSize = SAMPLES;
    connect.call(node, analyser);
    const samples = new Float32Array(SAMPLES);
    setInterval(() => {
      const now = Date.now();
      analyser.getFloatTimeDomainData(samples);
      if (context.currentTime > OUTPUT_KNOWN_AFTER_SECONDS) {
        window.outputMs = 1000 * context.outputLatency;
      }
      const ago = onset(samples, QUIET_SECONDS * rate);
      const atMs = now - (1000 * ago) / rate;
      const lastMs = window.heard.at(-1)?.atMs ?? 0;
      if (ago > TONE_SECONDS * rate && atMs - lastMs > (1000 * SAMPLES) / rate) {
        const tone = samples.slice(SAMPLES - ago, SAMPLES - ago + TONE_SECONDS * rate);
        window.heard.push({ hz: frequency(tone, rate), atMs });
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

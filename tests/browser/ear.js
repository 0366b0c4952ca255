/**
 * What a test runs in a page before the page's own scripts: an ear on whatever goes to the loudspeaker.
 *
 * Notes in `window.heard` at which wall-clock time each tone begins: `{hz, atMs}`, and how long silence lasted between
 * sounds: `window.holes`, in milliseconds. The analyser always has the newest samples of the audio thread, and is
 * looked at more often than they last.
 */

window.heard = [];
window.holes = [];
{
  const SAMPLES = 2048;
  const LOOK_MS = 8;
  const LOUD = 0.02;
  /** Zeros of the tone itself are shorter. */
  const QUIET_MS = 60;
  const connect = AudioNode.prototype.connect;

  /** How many samples ago the newest sound began, after so much silence; -1: it did not within what is there. */
  const onset = (samples, quiet) => {
    let silent = 0;
    let found = -1;
    samples.forEach((value, index) => {
      if (Math.abs(value) > LOUD) {
        found = silent >= quiet ? index : found;
        silent = 0;
      } else {
        silent += 1;
      }
    });
    return found < 0 ? -1 : samples.length - found;
  };

  /** The tone's frequency, by its crossings of zero. */
  const frequency = (samples, rate) => {
    let crossings = 0;
    for (let index = 1; index < samples.length; index += 1) {
      crossings += samples[index - 1] < 0 !== samples[index] < 0 ? 1 : 0;
    }
    return (crossings * rate) / (2 * samples.length);
  };

  const listen = (node) => {
    const { context } = node;
    const analyser = context.createAnalyser();
    analyser.fftSize = SAMPLES;
    connect.call(node, analyser);
    const samples = new Float32Array(SAMPLES);
    let soundedAt = -Infinity;
    setInterval(() => {
      const now = Date.now();
      analyser.getFloatTimeDomainData(samples);
      window.outputMs = 1000 * (context.outputLatency || context.baseLatency || 0);
      const rate = context.sampleRate;
      const ago = onset(samples, rate / 100);
      const atMs = now - (1000 * ago) / rate;
      const last = window.heard.at(-1);
      if (ago > rate / 100 && atMs - (last?.atMs ?? -Infinity) > QUIET_MS) {
        window.heard.push({ hz: frequency(samples.subarray(SAMPLES - ago), rate), atMs });
        if (now - soundedAt > QUIET_MS && soundedAt > 0) {
          window.holes.push(atMs - soundedAt);
        }
      }
      soundedAt = samples.subarray(-rate / 100).some((value) => Math.abs(value) > LOUD) ? now : soundedAt;
    }, LOOK_MS);
  };

  AudioNode.prototype.connect = function (target, ...rest) {
    if (target === this.context.destination) {
      listen(this);
    }
    return connect.call(this, target, ...rest);
  };
}

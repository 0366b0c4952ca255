/**
 * Runs in a page before the page's own scripts: an ear at each audio destination, which counts silence on the audio thread.
 *
 * `window.ears` has what each counted, in seconds of the sound: `firstSoundAt`; `heard`, how long it has listened since it
 * began to count; `quiet`, how much of that was silent; `holes`, where: begin and length, and between which moments of
 * the wall clock, in milliseconds. It begins `window.earSettle` seconds after the first sound, and ends after
 * `window.earMost`.
 */

window.ears = {};
{
  const PROCESSOR = `
    const FAINT = 0.004;
    /** Of a low tone one sample in four is enough. */
    const STRIDE = 4;
    const QUANTUM_SECONDS = 128 / sampleRate;
    class Ear extends AudioWorkletProcessor {
      firstSoundAt = null;
      heard = 0;
      quiet = 0;
      holes = [];
      told = 0;
      constructor({ processorOptions }) {
        super();
        Object.assign(this, processorOptions);
      }
      process([[channel]]) {
        const isQuiet = !channel || !this.isLoud(channel);
        if (this.firstSoundAt === null && !isQuiet) {
          this.firstSoundAt = currentTime;
        }
        if (this.firstSoundAt !== null && currentTime >= this.firstSoundAt + this.settle && this.heard < this.most) {
          this.heard += QUANTUM_SECONDS;
          this.note(isQuiet);
        }
        if (currentTime > this.told + 1) {
          this.told = currentTime;
          const { firstSoundAt, heard, quiet, holes } = this;
          this.port.postMessage({ firstSoundAt, heard, quiet, holes });
        }
        return true;
      }
      note(isQuiet) {
        if (!isQuiet) {
          this.isHole = false;
          return;
        }
        this.quiet += QUANTUM_SECONDS;
        if (!this.isHole) {
          this.holes.push([this.heard, 0, Date.now(), 0]);
        }
        this.isHole = true;
        const hole = this.holes[this.holes.length - 1];
        hole[1] += QUANTUM_SECONDS;
        hole[3] = Date.now();
      }
      isLoud(samples) {
        for (let index = 0; index < samples.length; index += STRIDE) {
          if (samples[index] > FAINT || samples[index] < -FAINT) {
            return true;
          }
        }
        return false;
      }
    }
    registerProcessor("ear", Ear);`;
  const url = URL.createObjectURL(new Blob([PROCESSOR], { type: "text/javascript" }));
  const modules = new Map();
  const connect = AudioNode.prototype.connect;

  /** Listen to a node; its name is for `window.ears`. */
  window.listenTo = async (node, name) => {
    const { context } = node;
    if (!modules.has(context)) {
      modules.set(context, context.audioWorklet.addModule(url));
    }
    await modules.get(context);
    const processorOptions = { settle: window.earSettle, most: window.earMost };
    const ear = new AudioWorkletNode(context, "ear", { processorOptions });
    ear.port.onmessage = ({ data }) => (window.ears[name] = data);
    connect.call(node, ear);
    connect.call(ear, context.destination);
  };

  AudioNode.prototype.connect = function (target, ...rest) {
    if (target === this.context.destination) {
      window.listenTo(this, "page");
    }
    return connect.call(this, target, ...rest);
  };
}

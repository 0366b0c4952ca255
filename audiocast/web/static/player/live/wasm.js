/**
 * libopus as WebAssembly, as an engine of decoder.js: it works in wasm_worker.js, beside the page.
 */

/** For fetching 90 KB over a poor network. */
const OPENS_WITHIN_MS = 10_000;

/** @type {import("./decoder.js").Open} */
export function openWasm(channels, output, fail) {
  const worker = new Worker(new URL("./wasm_worker.js", import.meta.url));
  const engine = {
    decode(/** @type {Uint8Array} */ packet) {
      const own = packet.slice(); // it is a part of a larger buffer, which would be sent whole
      worker.postMessage(own, [own.buffer]);
    },
    close: () => worker.terminate(),
  };
  return new Promise((resolve, reject) => {
    let tell = reject;
    const stop = (/** @type {string} */ message) => {
      clearTimeout(timer);
      worker.terminate();
      tell(new Error(`expected the WebAssembly decoder to work, it says: ${message}`));
    };
    const timer = setTimeout(() => stop("nothing"), OPENS_WITHIN_MS);
    worker.onerror = ({ message }) => stop(message || "nothing"); // an event without one: it could not be fetched
    worker.onmessage = ({ data }) => {
      if (data.channels) {
        output(data.channels);
      } else if (data.error) {
        stop(data.error);
      } else {
        clearTimeout(timer);
        tell = fail;
        resolve(engine);
      }
    };
    worker.postMessage(channels);
  });
}

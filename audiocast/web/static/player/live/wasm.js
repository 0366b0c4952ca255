/**
 * libopus in WebAssembly, as an engine of decoder.js. The decoder itself runs in wasm_worker.js, beside the page.
 */

/** Time to fetch 90 KB over a poor network. */
const OPENS_WITHIN_MS = 10_000;

/** @type {import("./decoder.js").Open} */
export function openWasm(channels, output, fail) {
  const worker = new Worker(new URL("./wasm_worker.js", import.meta.url));
  const engine = {
    decode(/** @type {Uint8Array} */ packet) {
      const own = packet.slice(); // the packet is a part of a larger buffer, all of which would be sent
      worker.postMessage(own, [own.buffer]);
    },
    close: () => worker.terminate(),
  };
  return new Promise((resolve, reject) => {
    let report = reject;
    const stop = (/** @type {string} */ message) => {
      clearTimeout(timer);
      worker.terminate();
      report(new Error(`expected the WebAssembly decoder to work, it says: ${message}`));
    };
    const timer = setTimeout(() => stop("nothing"), OPENS_WITHIN_MS);
    worker.onerror = ({ message }) => stop(message || "nothing"); // an event without a message: the script could not be fetched
    worker.onmessage = ({ data }) => {
      if (data.channels) {
        output(data.channels);
      } else if (data.error) {
        stop(data.error);
      } else {
        clearTimeout(timer);
        report = fail;
        resolve(engine);
      }
    };
    worker.postMessage(channels);
  });
}

/**
 * The WebAssembly decoder in a worker: a classic worker, which Safari 14 has too.
 *
 * Compiling WebAssembly needs a Content-Security-Policy that allows it. A worker has a policy of its own, so the page's
 * stays strict. The package, opus-decoder, is fetched when the server is built (`make decoder`); a server without it does
 * not offer this method.
 *
 * The first message is the number of channels; the worker answers `{}` when it is ready. Each further message is a
 * packet, a Uint8Array, and the worker answers with `{channels}`, in the order of the packets. `{error}` is its last
 * message.
 */

/** The smallest module: where WebAssembly is refused, the package would wait for ever without an error. */
const SMALLEST_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** @type {any} the package is a script without types: it leaves its name in the worker's scope */
const scope = self;
/** @type {any} */
let decoder = null;

onmessage = async ({ data }) => {
  try {
    if (decoder) {
      decode(data);
    } else {
      await open(data);
      postMessage({});
    }
  } catch (error) {
    postMessage({ error: String(error) });
  }
};

/** @param {number} channels */
async function open(channels) {
  new WebAssembly.Module(SMALLEST_MODULE);
  importScripts("opus-decoder.min.js");
  decoder = new scope["opus-decoder"].OpusDecoder({ channels });
  await decoder.ready;
}

/** @param {Uint8Array} packet */
function decode(packet) {
  const { channelData, errors } = decoder.decodeFrame(packet);
  if (errors.length > 0) {
    throw new Error(errors[0].message);
  }
  postMessage(
    { channels: channelData },
    channelData.map((/** @type {Float32Array} */ channel) => channel.buffer),
  );
}

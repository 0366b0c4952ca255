/**
 * The decoder in WebAssembly, in a worker: a classic one, which Safari 14 has too.
 *
 * Here and not in the page because compiling WebAssembly needs a Content-Security-Policy that allows it, and a worker
 * has one of its own: the page's stays as strict as it is. The package, opus-decoder, is fetched when the server is
 * built (`make decoder`); a server without it does not offer this way.
 *
 * Is sent the number of channels, answers `{}` when it is ready; then it is sent packets, each a Uint8Array, and answers
 * each with `{channels}`, in their order. `{error}` is the last it says.
 */

/** Smallest module there is: where WebAssembly is refused, the package would wait for ever and say nothing. */
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

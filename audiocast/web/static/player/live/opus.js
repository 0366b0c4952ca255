/**
 * Parses the identification header of an Opus stream (RFC 7845 section 5.1) and the length of a packet (RFC 6716
 * section 3.1). Pure functions.
 *
 * @typedef {object} OpusHead
 * @property {number} channels 1 or 2
 * @property {number} gain factor for every sample
 */

const HEAD_BYTES = 19;
/** The gain is Q7.8 decibels. */
const GAIN_STEPS_PER_DB = 256;
/** Samples of a frame for the TOC's configurations 0 to 11 (SILK), by their last two bits. */
const SILK_SAMPLES = [480, 960, 1920, 2880];
/** The same for 16 to 31 (CELT). */
const CELT_SAMPLES = [120, 240, 480, 960];
const HYBRID_SAMPLES = [480, 960];

/**
 * @param {Uint8Array} packet
 * @param {string} magic eight letters
 */
function begins(packet, magic) {
  return packet.length >= magic.length && [...magic].every((letter, index) => packet[index] === letter.charCodeAt(0));
}

/**
 * @param {Uint8Array} packet
 * @returns {boolean} whether the packet is a header and not audio
 */
export function isHeader(packet) {
  return begins(packet, "OpusHead") || begins(packet, "OpusTags");
}

/**
 * @param {Uint8Array} packet the first one of a stream
 * @returns {OpusHead}
 * @throws {Error} the packet is no OpusHead, or its channel layout needs more than two channels
 */
export function parseHead(packet) {
  if (!begins(packet, "OpusHead") || packet.length < HEAD_BYTES) {
    throw new Error(`expected an OpusHead of ${HEAD_BYTES} bytes or more, got ${packet.length} others`);
  }
  const channels = packet[9];
  const family = packet[18];
  if (family !== 0 || channels < 1 || channels > 2) {
    throw new Error(`expected mapping family 0 with 1 or 2 channels, got family ${family} with ${channels}`);
  }
  const gainSteps = new DataView(packet.buffer, packet.byteOffset).getInt16(16, true);
  return { channels, gain: 10 ** (gainSteps / GAIN_STEPS_PER_DB / 20) };
}

/**
 * @param {Uint8Array} packet
 * @returns {number} samples at 48 kHz, 0 for an empty packet
 */
export function packetSamples(packet) {
  if (packet.length === 0) {
    return 0;
  }
  const configuration = packet[0] >> 3;
  const code = packet[0] & 3;
  const frames = code === 0 ? 1 : code < 3 ? 2 : packet.length > 1 ? packet[1] & 0x3f : 0;
  const frameSamples =
    configuration < 12
      ? SILK_SAMPLES[configuration & 3]
      : configuration < 16
        ? HYBRID_SAMPLES[configuration & 1]
        : CELT_SAMPLES[configuration & 3];
  return frames * frameSamples;
}

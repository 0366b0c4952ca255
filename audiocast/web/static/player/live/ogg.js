/**
 * Parses the pages of one Ogg bitstream, which arrives in pieces of any size (RFC 3533 section 6).
 *
 * Owns the bytes of the page that is not complete yet. Knows no Opus, no network and no clock. The CRC is not checked:
 * the bytes came over TCP from a server that has just made them.
 *
 *   offset  bytes  field
 *        0      4  "OggS"
 *        5      1  flags: 1 begins inside a packet, 2 first page, 4 last page
 *        6      8  granule position
 *       14      4  serial number
 *       26      1  number of segments, then as many lengths; less than 255 ends a packet
 *
 * @typedef {object} Page
 * @property {boolean} isFirst
 * @property {boolean} isLast
 * @property {number} granule samples up to the end of this page; exact to 2^53, which is 5,000 years
 * @property {number} serial
 * @property {Uint8Array[]} packets complete packets that end on this page
 */

const HEAD_BYTES = 27;
const PATTERN = [0x4f, 0x67, 0x67, 0x53];
const CONTINUED = 1;
const FIRST = 2;
const LAST = 4;
const LONGEST_SEGMENT_BYTES = 255;

export class OggReader {
  #rest = new Uint8Array(0);
  /** @type {Uint8Array[]} pieces of a packet that continues on the next page */
  #pieces = [];
  /** Whether the beginning of that packet was not received. */
  #isTorn = false;

  /**
   * @param {Uint8Array} bytes the next ones
   * @returns {Page[]} pages that are complete now
   */
  push(bytes) {
    this.#rest = joined([this.#rest, bytes]);
    const pages = [];
    let at = 0;
    for (let length = 0; ; at += length) {
      length = pageBytes(this.#rest, at);
      if (length === 0) {
        break;
      }
      pages.push(this.#read(this.#rest.subarray(at, at + length)));
    }
    this.#rest = this.#rest.slice(at);
    return pages;
  }

  /** @param {Uint8Array} page */
  #read(page) {
    const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
    const flags = page[5];
    if (!(flags & CONTINUED)) {
      this.#pieces = [];
      this.#isTorn = false;
    } else if (this.#pieces.length === 0) {
      this.#isTorn = true;
    }
    /** @type {Uint8Array[]} */
    const packets = [];
    const table = page.subarray(HEAD_BYTES, HEAD_BYTES + page[26]);
    let begin = HEAD_BYTES + table.length;
    let end = begin;
    for (const segmentBytes of table) {
      end += segmentBytes;
      if (segmentBytes < LONGEST_SEGMENT_BYTES) {
        if (!this.#isTorn) {
          packets.push(joined([...this.#pieces, page.subarray(begin, end)]));
        }
        this.#pieces = [];
        this.#isTorn = false;
        begin = end;
      }
    }
    if (end > begin) {
      this.#pieces.push(page.slice(begin, end));
    }
    return {
      isFirst: (flags & FIRST) !== 0,
      isLast: (flags & LAST) !== 0,
      granule: view.getUint32(6, true) + view.getInt32(10, true) * 2 ** 32,
      serial: view.getUint32(14, true),
      packets,
    };
  }
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at where a page begins
 * @returns {number} its length; 0 while it is not complete
 * @throws {Error} there is no page at this place
 */
function pageBytes(bytes, at) {
  if (bytes.length - at < HEAD_BYTES) {
    return 0;
  }
  if (PATTERN.some((letter, index) => bytes[at + index] !== letter)) {
    throw new Error(`expected an Ogg page, got bytes ${bytes.slice(at, at + 4).join(" ")}`);
  }
  const headBytes = HEAD_BYTES + bytes[at + 26];
  if (bytes.length - at < headBytes) {
    return 0;
  }
  const bodyBytes = bytes.subarray(at + HEAD_BYTES, at + headBytes).reduce((sum, length) => sum + length, 0);
  return bytes.length - at < headBytes + bodyBytes ? 0 : headBytes + bodyBytes;
}

/** @param {Uint8Array[]} pieces */
function joined(pieces) {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/**
 * Ogg pages and Opus packets, whole and in pieces: what the reader and the header's parser make of them.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { OggReader } from "../../../audiocast/web/static/player/live/ogg.js";
import { isHeader, packetSamples, parseHead } from "../../../audiocast/web/static/player/live/opus.js";

const CONTINUED = 1;
const FIRST = 2;
const LAST = 4;

/**
 * @param {object} page
 * @param {number[]} page.lacing lengths of its segments
 * @param {number} [page.flags]
 * @param {bigint} [page.granule]
 * @param {number} [page.serial]
 */
function page({ lacing, flags = 0, granule = 960n, serial = 7 }) {
  const head = new DataView(new ArrayBuffer(27));
  [..."OggS"].forEach((letter, index) => head.setUint8(index, letter.charCodeAt(0)));
  head.setUint8(5, flags);
  head.setBigInt64(6, granule, true);
  head.setUint32(14, serial, true);
  head.setUint8(26, lacing.length);
  const body = lacing.flatMap((length, index) => Array(length).fill(index + 1));
  return [...new Uint8Array(head.buffer), ...lacing, ...body];
}

/** @param {Uint8Array} packet */
const told = (packet) => `${packet.length} bytes from ${packet[0]} to ${packet[packet.length - 1]}`;

const STREAM = [
  ...page({ lacing: [19], flags: FIRST }),
  ...page({ lacing: [3, 0, 255, 4] }),
  ...page({ lacing: [255, 255], granule: -1n }),
  ...page({ lacing: [10, 6], flags: CONTINUED | LAST, granule: 2n ** 40n, serial: 2 ** 31 + 1 }),
];
const TOLD = [
  ["19 bytes from 1 to 1"],
  ["3 bytes from 1 to 1", "0 bytes from undefined to undefined", "259 bytes from 3 to 4"],
  [],
  ["520 bytes from 1 to 1", "6 bytes from 2 to 2"],
];

for (const pieceBytes of [1, 2, 26, 27, 28, 100, STREAM.length]) {
  test(`pages in pieces of ${pieceBytes} bytes`, () => {
    const reader = new OggReader();
    const pages = [];
    for (let at = 0; at < STREAM.length; at += pieceBytes) {
      pages.push(...reader.push(Uint8Array.from(STREAM.slice(at, at + pieceBytes))));
    }
    assert.deepEqual(
      pages.map(({ packets }) => packets.map(told)),
      TOLD,
    );
    assert.deepEqual(
      pages.map(({ isFirst }) => isFirst),
      [true, false, false, false],
    );
    assert.deepEqual(
      pages.map(({ isLast }) => isLast),
      [false, false, false, true],
    );
    assert.deepEqual(
      pages.map(({ granule }) => granule),
      [960, 960, -1, 2 ** 40],
    );
    assert.deepEqual(
      pages.map(({ serial }) => serial),
      [7, 7, 7, 2 ** 31 + 1],
    );
  });
}

test("what is kept of a packet is no view into bytes that come later", () => {
  const reader = new OggReader();
  const bytes = Uint8Array.from(page({ lacing: [3] }));
  const [{ packets }] = reader.push(bytes);
  bytes.fill(0);
  assert.deepEqual([...packets[0]], [1, 1, 1]);
});

test("what is no Ogg is refused, and said", () => {
  const text = Uint8Array.from([..."<!DOCTYPE html><html lang=en>"].map((letter) => letter.charCodeAt(0)));
  assert.throws(() => new OggReader().push(text), /expected an Ogg page, got bytes 60 33 68 79/);
});

test("the rest of a packet whose beginning is not there is the end of a packet", () => {
  const [{ packets }] = new OggReader().push(Uint8Array.from(page({ lacing: [4, 2], flags: CONTINUED })));
  assert.deepEqual(packets.map(told), ["2 bytes from 2 to 2"]);
});

/**
 * @param {object} head
 * @param {number} [head.channels]
 * @param {number} [head.gainSteps]
 * @param {number} [head.family]
 */
function opusHead({ channels = 2, gainSteps = 0, family = 0 }) {
  const view = new DataView(new ArrayBuffer(19));
  [..."OpusHead"].forEach((letter, index) => view.setUint8(index, letter.charCodeAt(0)));
  view.setUint8(9, channels);
  view.setInt16(16, gainSteps, true);
  view.setUint8(18, family);
  return new Uint8Array(view.buffer);
}

test("the header says channels and gain", () => {
  assert.deepEqual(parseHead(opusHead({})), { channels: 2, gain: 1 });
  assert.equal(parseHead(opusHead({ channels: 1 })).channels, 1);
  assert.ok(Math.abs(parseHead(opusHead({ gainSteps: -6 * 256 })).gain - 0.5012) < 0.0001);
  assert.ok(isHeader(opusHead({})));
  assert.ok(!isHeader(Uint8Array.from([0xfc, 1, 2])));
});

test("a header that we cannot play is refused, and said", () => {
  assert.throws(() => parseHead(opusHead({ channels: 3 })), /family 0 with 1 or 2 channels, got family 0 with 3/);
  assert.throws(() => parseHead(opusHead({ channels: 6, family: 1 })), /got family 1 with 6/);
  assert.throws(() => parseHead(opusHead({}).subarray(0, 18)), /expected an OpusHead of 19 bytes/);
});

/** Configuration, code and count of a packet's TOC (RFC 6716 section 3.1), and how many samples it lasts. */
const DURATIONS = [
  { toc: [0 << 3], samples: 480 },
  { toc: [3 << 3], samples: 2880 },
  { toc: [(11 << 3) | 1], samples: 5760 },
  { toc: [13 << 3], samples: 960 },
  { toc: [16 << 3], samples: 120 },
  { toc: [(31 << 3) | 2], samples: 1920 },
  { toc: [(31 << 3) | 3, 0x40 | 5], samples: 4800 },
  { toc: [], samples: 0 },
];

for (const { toc, samples } of DURATIONS) {
  test(`a packet that begins with [${toc}] lasts ${samples} samples`, () => {
    assert.equal(packetSamples(Uint8Array.from(toc)), samples);
  });
}

/**
 * When a decoder that says nothing counts as one that cannot: only while packets go on coming.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Decoder } from "../../../audiocast/web/static/player/live/decoder.js";

const PACKET_MS = 20;
const PACKET = new Uint8Array(1);

/** @type {{decoded: number, sounds: () => void}} */
const codec = { decoded: 0, sounds: () => {} };

globalThis.EncodedAudioChunk = class {};
globalThis.AudioDecoder = class {
  static async isConfigSupported() {
    return { supported: true };
  }

  state = "configured";

  constructor({ output }) {
    codec.decoded = 0;
    codec.sounds = () => output({ numberOfChannels: 1, numberOfFrames: 960, copyTo() {}, close() {} });
  }

  configure() {}

  decode() {
    codec.decoded += 1;
  }
};

/** @returns {Promise<{decoder: Decoder, failures: unknown[]}>} */
async function open() {
  const failures = [];
  const decoder = await Decoder.open(
    "webcodecs",
    1,
    () => {},
    (error) => failures.push(error),
  );
  return { decoder, failures };
}

test("one that is silent for three seconds has failed", async () => {
  const { decoder, failures } = await open();
  for (let arrivedMs = 0; arrivedMs <= 2_900; arrivedMs += PACKET_MS) {
    decoder.decode(PACKET, { arrivedMs, mediaMs: arrivedMs });
  }
  assert.equal(failures.length, 0);
  for (let arrivedMs = 2_900; arrivedMs <= 3_100; arrivedMs += PACKET_MS) {
    decoder.decode(PACKET, { arrivedMs, mediaMs: arrivedMs });
  }
  assert.ok(failures.length > 0);
});

test("one that sounds has not", async () => {
  const { decoder, failures } = await open();
  for (let arrivedMs = 0; arrivedMs <= 60_000; arrivedMs += PACKET_MS) {
    decoder.decode(PACKET, { arrivedMs, mediaMs: arrivedMs });
    codec.sounds();
  }
  assert.equal(failures.length, 0);
});

test("one whose page was asleep has not: what came meanwhile comes at once, and one packet is from before", async () => {
  const { decoder, failures } = await open();
  decoder.decode(PACKET, { arrivedMs: 0, mediaMs: 0 });
  for (let packet = 1; packet <= 200; packet += 1) {
    decoder.decode(PACKET, { arrivedMs: 4_000, mediaMs: packet * PACKET_MS });
  }
  assert.deepEqual([failures.length, codec.decoded], [0, 201]);
});

/**
 * What the player does where its outputs fail, whatever they are.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Player } from "../../../audiocast/web/static/player/player.js";

class Output extends EventTarget {
  starts = 0;

  /** @param {boolean} usesAudioContext */
  constructor(usesAudioContext) {
    super();
    this.usesAudioContext = usesAudioContext;
  }

  start() {
    this.starts += 1;
  }

  release() {}

  /** @param {string} event */
  fire(event) {
    this.dispatchEvent(new Event(event));
  }
}

/** @param {boolean[]} usesAudioContext of each output */
function play(...usesAudioContext) {
  const outputs = usesAudioContext.map((uses) => new Output(uses));
  const player = new Player();
  player.setOutputs(/** @type {any} */ (outputs));
  player.play();
  return { player, outputs };
}

test("without a sound output only what needs no audio context is tried", () => {
  const { player, outputs } = play(true, true, false);
  outputs[0].fire("silent");
  assert.deepEqual([player.output, player.phase, player.isSilent], [outputs[2], "connecting", true]);
  outputs[2].fire("playing");
  assert.equal(player.phase, "playing");
});

test("what cannot be heard then is no lost connection, and a click tries all again", () => {
  const { player, outputs } = play(true, true, false);
  outputs[0].fire("silent");
  outputs[2].fire("playing"); // as Firefox's element says at first
  outputs[2].fire("lost");
  assert.deepEqual([player.phase, player.isSilent], ["failed", true]);
  player.play();
  assert.deepEqual([player.output, player.phase, player.isSilent], [outputs[0], "connecting", false]);
  assert.deepEqual(
    outputs.map(({ starts }) => starts),
    [2, 0, 1],
  );
});

test("where nothing else is to be tried, that is told at once", () => {
  const { player, outputs } = play(true, true);
  outputs[0].fire("silent");
  assert.deepEqual([player.phase, player.isSilent], ["failed", true]);
  player.play();
  outputs[0].fire("playing");
  assert.deepEqual([player.phase, player.isSilent], ["playing", false]);
});

test("a click that the browser wants is for the element", () => {
  const { player, outputs } = play(true, false);
  outputs[0].fire("silent");
  outputs[1].fire("blocked");
  player.play();
  assert.equal(player.output, outputs[1]);
});

/**
 * The page's audio context and the system that suspends it: calls and locked screens, and the lock screen's buttons.
 *
 * The order of states is WebKit's (Source/WebCore/Modules/webaudio/AudioContext.cpp): a call or a locked screen is
 * "interrupted" first, the lock screen's pause is "suspended" at once.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { AudioOutput } from "../../../audiocast/web/static/player/live/audio_output.js";

class Context extends EventTarget {
  state = "suspended";
  resumes = 0;
  currentTime = 0;
  destination = {};

  createGain() {
    return { gain: { value: 1 }, connect() {} };
  }

  async resume() {
    this.resumes += 1;
    if (this.state === "interrupted") {
      await new Promise(() => {}); // until the call is over
    }
    this.enter("running");
  }

  async suspend() {
    this.enter("suspended");
  }

  /** @param {string} state */
  enter(state) {
    if (state !== this.state) {
      this.state = state;
      this.dispatchEvent(new Event("statechange"));
    }
  }
}

/** @param {object} navigator */
async function inUse(navigator) {
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  globalThis.AudioContext = /** @type {any} */ (Context);
  const output = new AudioOutput(/** @type {any} */ (Object.assign(new EventTarget(), { muted: false, volume: 1 })));
  const seen = [];
  const user = { paused: () => seen.push("paused"), resumed: () => seen.push("resumed") };
  const acquired = output.acquire(user);
  await acquired.running;
  const context = /** @type {any} */ (acquired.context);
  context.resumes = 0;
  return { output, context, seen, user };
}

const SAFARI = { audioSession: { type: "playback" } };

test("the lock screen's pause is one, and its play button is obeyed", async () => {
  const { output, context, seen } = await inUse(SAFARI);
  context.enter("suspended");
  output.resume(); // the listener looks at the page, and has not asked for sound
  assert.deepEqual([seen, context.state, context.resumes], [["paused"], "suspended", 0]);
  context.enter("running");
  assert.deepEqual(seen, ["paused", "resumed"]);
  context.enter("suspended");
  assert.deepEqual(seen, ["paused", "resumed", "paused"]);
});

test("after a call the sound goes on, whatever state the call leaves behind", async () => {
  const { context, seen } = await inUse(SAFARI);
  context.enter("interrupted");
  context.enter("suspended");
  assert.deepEqual([seen, context.state], [[], "running"]);
});

test("where the system has no buttons for it, a context that was suspended goes on", async () => {
  const { context, seen } = await inUse({});
  context.enter("suspended");
  assert.deepEqual([seen, context.state, context.resumes], [[], "running", 1]);
});

test("what the page itself suspends is no pause, also if it starts anew meanwhile", async () => {
  const { output, context, seen, user } = await inUse(SAFARI);
  output.release();
  const { running } = output.acquire(user);
  context.enter("suspended"); // the end of an earlier `suspend`
  await running;
  assert.deepEqual([seen, context.state], [[], "running"]);
});

/**
 * The sound test: plays each way that this browser has with the screen on, locked and in the background, asks the person
 * what was heard, and gives the result as text.
 *
 * Owns the order of the steps. Each way begins in a click, as browsers want it.
 */

import { fetchLiveStreams, fetchStream } from "../shared/api.js";
import { byId } from "../shared/dom.js";
import { Language, updateText } from "../shared/language.js";
import { attachElementCopy } from "../shared/share.js";
import { attachMediaKeys, claimPlaybackSession, showMediaMetadata } from "../player/media_session.js";
import { Player } from "../player/player.js";
import { browserFacts } from "./facts.js";
import { Recorder } from "./recorder.js";
import { reportText, secondsText } from "./report.js";
import { SELFTEST_STRINGS } from "./strings.js";
import { Ways } from "./ways.js";

const LOOK_INTERVAL_MS = 250;
/** @type {import("./report.js").StepName[]} */
const STEPS = ["on", "locked", "background"];

const language = new Language(document, SELFTEST_STRINGS);
const audio = byId("audio", HTMLAudioElement);
const player = new Player();
const ways = new Ways(audio, "wasmDecoder" in document.body.dataset);
const choice = byId("sound", HTMLSelectElement);

/** @type {Map<string, import("../shared/stream_events.js").StreamState>} by id */
const streams = new Map();
/** @type {import("./ways.js").Way[]} those that are still to come, the current one first */
let waiting = [];
let number = 0;
let count = 0;
let step = STEPS[0];
let recorder = new Recorder();
/** @type {import("./report.js").Result[]} */
let results = [];
/** @type {ReturnType<typeof setInterval> | undefined} */
let timer = undefined;

/** @param {"ready" | "running" | "done"} stage */
function showStage(stage) {
  document.body.dataset.stage = stage;
  byId("choose").hidden = stage === "running";
  byId("trial").hidden = stage !== "running";
  byId("result").hidden = results.length === 0;
}

async function loadStreams() {
  const asked = new URLSearchParams(location.search).get("stream");
  const found = await Promise.all([
    asked ? fetchStream(asked).catch(() => null) : null,
    fetchLiveStreams().catch(() => []),
  ]);
  for (const stream of found.flat()) {
    if (stream && !streams.has(stream.stream_id)) {
      streams.set(stream.stream_id, stream);
      choice.append(new Option(stream.title || language.translate("untitled"), stream.stream_id));
    }
  }
  if (asked && streams.has(asked)) {
    choice.value = asked;
  }
}

function start() {
  claimPlaybackSession();
  const stream = streams.get(choice.value);
  waiting = stream ? ways.ofStream(stream) : ways.ofTone();
  [number, count, results] = [0, waiting.length, []];
  audio.loop = !stream;
  clearInterval(timer);
  timer = setInterval(look, LOOK_INTERVAL_MS);
  showStage("running");
  startWay();
}

/** Within a click. */
function startWay() {
  const [way] = waiting;
  if (!way) {
    finish();
    return;
  }
  number += 1;
  player.setOutputs([way.output]);
  player.updateStream({ state: "live" });
  player.play();
  results.push({ way: way.output.name, steps: [] });
  showMediaMetadata({ title: wayName(), artist: "audiocast", album: "", artwork: "/icon-512.png" });
  startStep(STEPS[0]);
}

/** @param {import("./report.js").StepName} name */
function startStep(name) {
  step = name;
  recorder = new Recorder();
  look();
  showTrial();
  byId("trial-way").focus();
}

function look() {
  const [way] = waiting;
  if (!way) {
    return;
  }
  const { soundMs, state } = way.look();
  const isPlaying = player.phase === "playing";
  recorder.look({ nowMs: performance.now(), isHidden: document.hidden, isPlaying, soundMs, state });
  showState();
}

/** @param {import("./report.js").Heard | null} heard null: the person skips the step */
function answer(heard) {
  look();
  if (heard) {
    results[results.length - 1].steps.push({ name: step, heard, recorder });
  }
  recorder = new Recorder(); // what comes now is not of this step
  showResult();
  const next = STEPS[STEPS.indexOf(step) + 1];
  if (next && player.phase !== "failed") {
    if (!player.isWanted) {
      player.play(); // the last step has ended it
    }
    startStep(next);
    return;
  }
  player.stop();
  waiting.shift();
  startWay();
}

function finish() {
  clearInterval(timer);
  waiting = [];
  player.stop();
  showResult();
  showStage("done");
  byId("result-heading").focus();
}

function wayName() {
  const [way] = waiting;
  return way ? language.translate(`method.${way.output.name}`) : "";
}

function showTrial() {
  byId("trial-number").textContent = language.translate("selftest.number", { number, count });
  byId("trial-way").textContent = wayName();
  byId("trial-step").textContent = language.translate(`selftest.${step}`);
  showState();
}

function showState() {
  const { phase } = player;
  const { seen, hidden } = recorder;
  const values = { sound: Math.floor((seen.soundMs + hidden.soundMs) / 1000), hidden: secondsText(hidden.lastedMs) };
  const key =
    phase === "playing" || phase === "failed" || phase === "blocked" || phase === "idle" ? phase : "connecting";
  updateText(byId("trial-state"), language.translate(`selftest.phase.${key}`));
  updateText(byId("trial-clock"), phase === "playing" ? language.translate("selftest.clock", values) : "");
}

function showResult() {
  byId("result").hidden = results.length === 0;
  byId("result-list").replaceChildren(
    ...results.flatMap(({ way, steps }) => {
      const name = document.createElement("h3");
      name.textContent = language.translate(`method.${way}`);
      const list = document.createElement("ul");
      list.append(...steps.map(stepItem));
      return steps.length > 0 ? [name, list] : [];
    }),
  );
  const facts = browserFacts(document.body.dataset, choice.value !== "");
  byId("report", HTMLTextAreaElement).value = reportText(facts, results);
}

/** @param {import("./report.js").Step} step */
function stepItem({ name, heard, recorder: { seen, hidden } }) {
  const item = document.createElement("li");
  const span = name === "on" || hidden.lastedMs === 0 ? seen : hidden;
  const values = { sound: secondsText(span.soundMs), lasted: secondsText(span.lastedMs) };
  const words = [language.translate(`selftest.step.${name}`), language.translate(`selftest.heard.${heard}`)];
  item.textContent = `${words.join(": ")}. ${language.translate("selftest.span", values)}`;
  return item;
}

function showAll() {
  if (document.body.dataset.stage === "running") {
    showTrial();
  }
  if (results.length > 0) {
    showResult();
  }
}

player.addEventListener("phase", () => {
  recorder.note(player.phase);
  look();
});
document.addEventListener("visibilitychange", () => {
  look();
  if (!document.hidden && waiting.length > 0) {
    player.retryNow();
  }
});
for (const heard of /** @type {const} */ (["all", "broken", "none"])) {
  byId(`heard-${heard}`).addEventListener("click", () => answer(heard));
}
byId("skip").addEventListener("click", () => answer(null));
byId("stop").addEventListener("click", finish);
byId("start").addEventListener("click", start);
language.addEventListener("change", showAll);
language.attachSwitch(byId("language-switch"));
attachMediaKeys(player);
attachElementCopy(byId("copy-report", HTMLButtonElement), byId("report"), language);
byId("facts").textContent = browserFacts(document.body.dataset, false)
  .map(([name, value]) => `${name}: ${value}`)
  .join("\n");
showStage("ready");
loadStreams();

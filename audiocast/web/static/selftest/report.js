/**
 * The result of the test as text: for people who read many of them, so in English, and the same for every browser.
 *
 * @typedef {"on" | "locked" | "background"} StepName
 * @typedef {"all" | "broken" | "none"} Heard
 *
 * @typedef {object} Step
 * @property {StepName} name
 * @property {Heard} heard what the person says
 * @property {import("./recorder.js").Recorder} recorder
 *
 * @typedef {object} Result
 * @property {string} way
 * @property {Step[]} steps without those that were skipped
 */

/** @type {Record<StepName, string>} */
const STEPS = { on: "screen on", locked: "screen locked", background: "in the background" };
/** @type {Record<Heard, string>} */
const HEARD = { all: "heard all of it", broken: "heard parts of it", none: "heard nothing" };

/**
 * @param {[string, string][]} facts of the browser and the device
 * @param {Result[]} results
 * @returns {string}
 */
export function reportText(facts, results) {
  const lines = facts.map(([name, value]) => `${name}: ${value}`);
  for (const { way, steps } of results) {
    lines.push("", way, ...steps.flatMap(stepLines));
  }
  return `${lines.join("\n")}\n`;
}

/** @param {Step} step */
function stepLines({ name, heard, recorder }) {
  const { seen, hidden, changes } = recorder;
  const lines = [`  ${STEPS[name]}: ${HEARD[heard]}`, `    seen: ${spanText(seen)}`];
  if (hidden.lastedMs > 0) {
    const ran = `the page ran ${hidden.looks} times, longest pause ${secondsText(hidden.longestPauseMs)} s`;
    lines.push(`    hidden: ${spanText(hidden)}; ${ran}`);
  }
  return [...lines, `    ${changes.map(({ atMs, text }) => `${secondsText(atMs)} ${text}`).join(", ")}`];
}

/** @param {import("./recorder.js").Span} span */
export function spanText({ lastedMs, soundMs }) {
  return `sound for ${secondsText(soundMs)} of ${secondsText(lastedMs)} s`;
}

/** @param {number} ms */
export function secondsText(ms) {
  return (ms / 1000).toFixed(1);
}

/**
 * The running clock in the bar: how long the broadcast is on air.
 */

import { byId } from "../shared/dom.js";
import { duration } from "../shared/on_air_monitor.js";

const TICK_MS = 1_000;

/** @param {import("../shared/on_air_monitor.js").OnAirMonitor} monitor */
export function attachOnAirClock(monitor) {
  const clock = byId("air-clock");
  let startedAt = 0;
  let countedFrom = 0;
  const show = () => {
    const isRunning = monitor.state === "live" || monitor.state === "held";
    if (monitor.startedAt !== startedAt) {
      startedAt = monitor.startedAt;
      // The server's clock may be ahead of this one.
      countedFrom = Math.min(startedAt, Date.now() / 1000);
    }
    clock.hidden = !isRunning || !startedAt;
    clock.textContent = duration(Date.now() / 1000 - countedFrom);
  };
  monitor.addEventListener("news", show);
  monitor.addEventListener("change", show);
  setInterval(show, TICK_MS);
  show();
}

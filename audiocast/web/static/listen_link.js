/**
 * Where a broadcaster finds the listen link: the field, the QR dialog, the button that opens it.
 */

import { here } from "./share.js";

/** @param {string} id */
const $ = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {import("./api.js").Broadcast} broadcast whose link it is */
export function showListenLink({ stream_id: streamId, listen_url: url, qr_url: qrUrl }) {
  /** @type {HTMLInputElement} */ ($("listen-link")).value = url;
  $("qr-link").textContent = url;
  /** @type {HTMLAnchorElement} */ ($("open-link")).href = here(url);
  const png = /** @type {HTMLAnchorElement} */ ($("qr-png"));
  png.href = here(qrUrl).replace(/\.svg$/, ".png");
  png.download = `audiocast-${streamId}.png`;
}

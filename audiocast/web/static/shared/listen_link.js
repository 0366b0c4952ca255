/**
 * Where broadcasters find the listen link: the field, its copy, the share sheet, the QR code, the page itself.
 */

import { attachQr, attachShare, copyShown, here } from "./share.js";

/** @param {string} id */
const $ = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
/** @param {string} id */
const button = (id) => /** @type {HTMLButtonElement} */ ($(id));

/**
 * @param {import("./language.js").Language} language
 * @param {() => string} title of the broadcast; may be empty
 * @returns {(broadcast: import("./api.js").Broadcast) => void} shows the link of a broadcast
 */
export function attachListenLink(language, title) {
  const link = /** @type {HTMLInputElement} */ ($("listen-link"));
  let qrPath = "";
  copyShown(button("copy-link"), link, language);
  attachQr(button("qr-button"), /** @type {HTMLDialogElement} */ ($("qr-dialog")), () => qrPath);
  attachShare(button("share-button"), () => {
    const name = title() || language.say("untitled");
    return { title: name, text: language.say("share.text", { title: name }), url: link.value };
  });
  return ({ stream_id: streamId, listen_url: url, qr_url: qrUrl }) => {
    link.value = url;
    qrPath = here(qrUrl);
    $("qr-link").textContent = url;
    /** @type {HTMLAnchorElement} */ ($("open-link")).href = here(url);
    const png = /** @type {HTMLAnchorElement} */ ($("qr-png"));
    png.href = qrPath.replace(/\.svg$/, ".png");
    png.download = `audiocast-${streamId}.png`;
  };
}

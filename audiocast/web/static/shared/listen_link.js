/**
 * The listen link for broadcasters: the field with its copy button, the share sheet, the QR code and the page itself.
 */

import { byId } from "./dom.js";
import { attachQr, attachShare, attachElementCopy, pathOnThisOrigin } from "./share.js";

/**
 * @param {import("./language.js").Language} language
 * @param {() => string} title of the broadcast; may be empty
 * @returns {(broadcast: import("./api.js").Broadcast) => void} shows the link of a broadcast
 */
export function attachListenLink(language, title) {
  const link = byId("listen-link", HTMLInputElement);
  let qrPath = "";
  attachElementCopy(byId("copy-link", HTMLButtonElement), link, language);
  attachQr(byId("qr-button", HTMLButtonElement), byId("qr-dialog"), () => qrPath);
  attachShare(byId("share-button", HTMLButtonElement), () => {
    const name = title() || language.translate("untitled");
    return { title: name, text: language.translate("share.text", { title: name }), url: link.value };
  });
  return ({ stream_id: streamId, listen_url: ownUrl, qr_url: qrUrl }) => {
    const { localBase } = document.body.dataset;
    const url = localBase ? `${localBase}/listen/${streamId}` : ownUrl;
    link.value = url;
    qrPath = pathOnThisOrigin(qrUrl);
    byId("qr-link").textContent = url;
    byId("open-link", HTMLAnchorElement).href = pathOnThisOrigin(ownUrl);
    const png = byId("qr-png", HTMLAnchorElement);
    png.href = qrPath.replace(/\.svg$/, ".png");
    png.download = `audiocast-${streamId}.png`;
  };
}

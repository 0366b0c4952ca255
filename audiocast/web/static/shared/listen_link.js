/**
 * The listen link for broadcasters: the field with its copy button, the share sheet, the QR code and the page itself. Of
 * a private broadcast also its code, and that the link alone is not enough.
 */

import { byId, find } from "./dom.js";
import { keyClaims } from "./own_broadcasts.js";
import { attachQr, attachShare, attachElementCopy, describeQr, pathOnThisOrigin } from "./share.js";

/**
 * @param {import("./language.js").Language} language
 * @param {() => string} title of the broadcast; may be empty
 * @returns {(broadcast: import("./api.js").Broadcast) => void} shows the link of a broadcast
 */
export function attachListenLink(language, title) {
  const link = byId("listen-link", HTMLInputElement);
  let qrPath = "";
  let id = "";
  attachElementCopy(byId("copy-link", HTMLButtonElement), link, language);
  attachElementCopy(byId("copy-code", HTMLButtonElement), byId("access-code"), language);
  attachQr(byId("qr-button", HTMLButtonElement), byId("qr-dialog"), () => {
    describeQr(link.value, qrPath, id);
    return qrPath;
  });
  attachShare(byId("share-button", HTMLButtonElement), () => {
    const name = title() || language.translate("untitled");
    return { title: name, text: language.translate("share.text", { title: name }), url: link.value };
  });
  return ({ stream_id: streamId, ingest_key: key, listen_url: ownUrl, qr_url: qrUrl }) => {
    const { localBase } = document.body.dataset;
    link.value = localBase ? `${localBase}/listen/${streamId}` : ownUrl;
    id = streamId;
    qrPath = pathOnThisOrigin(qrUrl);
    byId("open-link", HTMLAnchorElement).href = pathOnThisOrigin(ownUrl);
    showAccess(key, language);
  };
}

/**
 * @param {string} key
 * @param {import("./language.js").Language} language
 */
function showAccess(key, language) {
  const { is_private: isPrivate, access_code: code } = keyClaims(key);
  const label = find(document, "label[for=listen-link]", HTMLElement);
  label.dataset.i18n = isPrivate ? "link.private" : "link.listen";
  label.textContent = language.translate(label.dataset.i18n);
  byId("private-code").hidden = !(isPrivate && code);
  byId("private-links-alone").hidden = !isPrivate || Boolean(code);
  byId("access-code").textContent = code ?? "";
}

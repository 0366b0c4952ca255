/**
 * The panel of a private broadcast: makes links for listeners, one to pass on or many to save, and revokes them all.
 */

import { RequestRefused } from "../shared/api.js";
import { byId } from "../shared/dom.js";
import { updateText } from "../shared/language.js";
import { isPrivate, makeListenLinks, revokeListenLinks } from "../shared/private_listening.js";
import { attachElementCopy, attachQr, attachShare, describeQr, pathOnThisOrigin } from "../shared/share.js";

/**
 * @param {import("../shared/language.js").Language} language
 * @returns {(broadcast: import("../shared/api.js").Broadcast) => void} shows the panel of a broadcast
 */
export function attachListenLinks(language) {
  const made = byId("made-link", HTMLInputElement);
  /** @type {import("../shared/api.js").Broadcast | null} */
  let broadcast = null;
  /** @type {Api.ListenLink[]} */
  let links = [];
  /** Key of what is said of them, and its values. @type {[string, Record<string, string | number>]} */
  let said = ["", {}];
  /** @type {[string, Record<string, string>] | null} */
  let trouble = null;

  const show = () => {
    byId("made-links").hidden = !said[0];
    byId("made-one").hidden = links.length !== 1;
    byId("made-many").hidden = links.length < 2;
    updateText(byId("made-words"), said[0] && language.translate(...said));
    updateText(byId("links-trouble"), trouble ? language.translate(...trouble) : "");
  };
  /** @param {(broadcast: import("../shared/api.js").Broadcast) => Promise<void>} act */
  const attempt = async (act) => {
    trouble = null;
    try {
      await (broadcast && act(broadcast));
    } catch (error) {
      const isRefused = error instanceof RequestRefused;
      trouble = isRefused ? ["trouble.server", { message: error.message }] : ["trouble.network", {}];
    }
    show();
  };

  byId("links-form").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async (own) => {
      const label = byId("links-label", HTMLInputElement).value.trim();
      links = (await makeListenLinks(own, wanted(label))).map(forOthers);
      said = ["links.made", { count: links.length }];
      made.value = links[0].url;
      offer("made-text", links.map(({ url }) => `${url}\n`).join(""), "text/plain", `audiocast-${own.stream_id}.txt`);
      offer("made-csv", csv(links, label), "text/csv", `audiocast-${own.stream_id}.csv`);
    });
  });
  byId("links-revoke").addEventListener("click", () => {
    if (!confirm(language.translate("links.revoke.sure"))) {
      return;
    }
    attempt(async (own) => {
      await revokeListenLinks(own);
      links = [];
      said = ["links.revoked", {}];
    });
  });
  attachElementCopy(byId("copy-made", HTMLButtonElement), made, language);
  attachShare(byId("share-made", HTMLButtonElement), () => ({ url: made.value }));
  attachQr(byId("qr-made", HTMLButtonElement), byId("qr-dialog"), () => {
    const picture = pathOnThisOrigin(made.value).replace("?", "/qr.svg?");
    describeQr(made.value, picture, broadcast?.stream_id ?? "");
    return picture;
  });
  language.addEventListener("change", show);
  return (next) => {
    broadcast = next;
    links = [];
    said = ["", {}];
    byId("private-panel").hidden = !isPrivate(next);
    show();
  };
}

/**
 * @param {string} label
 * @returns {Api.ListenLinksRequest}
 */
function wanted(label) {
  return {
    count: byId("links-count", HTMLInputElement).valueAsNumber,
    expires_in_seconds: Number(byId("links-expires", HTMLSelectElement).value),
    session_seconds: Number(byId("links-session", HTMLSelectElement).value),
    label,
  };
}

/**
 * @param {Api.ListenLink} link
 * @returns {Api.ListenLink} with an address that other devices can open
 */
function forOthers(link) {
  const { localBase } = document.body.dataset;
  return localBase ? { ...link, url: localBase + pathOnThisOrigin(link.url) } : link;
}

/**
 * Make a link save a text as a file.
 *
 * @param {string} id
 * @param {string} text
 * @param {string} type
 * @param {string} name
 */
function offer(id, text, type, name) {
  const link = byId(id, HTMLAnchorElement);
  URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
}

/**
 * @param {Api.ListenLink[]} links
 * @param {string} label
 * @returns {string} a table (RFC 4180)
 */
function csv(links, label) {
  // A spreadsheet takes what begins with one of these for a formula.
  const quoted = `"${label.replace(/^[=+\-@]/, "'$&").replaceAll('"', '""')}"`;
  const rows = links.map(({ url, expires_at: at }) => {
    return [url, quoted, at ? new Date(at * 1000).toISOString() : ""].join(",");
  });
  return `${["url,label,expires_at", ...rows].join("\r\n")}\r\n`;
}

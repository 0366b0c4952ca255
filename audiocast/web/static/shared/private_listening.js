/**
 * Private broadcasts, for their broadcaster: links with a token, their end, and the broadcaster's own way in.
 */

import { readJson } from "./api.js";
import { keyClaims } from "./own_broadcasts.js";
import { pathOnThisOrigin } from "./share.js";

/** Longer than any show: the broadcaster's own browser stays let in, and anew with each visit. */
const OWN_SECONDS = 604_800;

/** @param {import("./api.js").Broadcast} broadcast */
export function isPrivate({ ingest_key: key }) {
  return keyClaims(key).is_private === true;
}

/**
 * Make links to a private broadcast.
 *
 * @param {import("./api.js").Broadcast} broadcast
 * @param {Api.ListenLinksRequest} wanted
 * @returns {Promise<Api.ListenLink[]>}
 * @throws {import("./api.js").RequestRefused} by the server; {TypeError} when there is no network
 */
export async function makeListenLinks(broadcast, wanted) {
  /** @type {Api.ListenLinks} */
  const { links } = await readJson(await post(broadcast, "", wanted));
  return links;
}

/**
 * End all links that were made before, and what they have opened.
 *
 * @param {import("./api.js").Broadcast} broadcast
 * @throws {import("./api.js").RequestRefused} by the server; {TypeError} when there is no network
 */
export async function revokeListenLinks(broadcast) {
  const response = await post(broadcast, "/revoke", {});
  if (!response.ok) {
    await readJson(response);
  }
}

/**
 * Let this browser in: its broadcaster may listen, and the page may follow the state. The token goes into a cookie that
 * no script can read.
 *
 * @param {import("./api.js").Broadcast} broadcast nothing is done for one that is not private
 */
export async function letThisBrowserIn(broadcast) {
  if (!isPrivate(broadcast)) {
    return;
  }
  try {
    const [link] = await makeListenLinks(broadcast, { expires_in_seconds: OWN_SECONDS, label: "broadcaster" });
    await fetch(pathOnThisOrigin(link.url), { redirect: "manual", cache: "no-store" });
  } catch {
    // No network, or a key that is not good: whoever asks next learns it.
  }
}

/**
 * @param {import("./api.js").Broadcast} broadcast
 * @param {string} below the path of its links
 * @param {object} body
 */
function post({ stream_id: streamId, ingest_key: key }, below, body) {
  const headers = { "Authorization": `Bearer ${key}`, "Content-Type": "application/json" };
  const path = `/api/streams/${encodeURIComponent(streamId)}/listen-links${below}`;
  return fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
}

/**
 * The visitor's own broadcasts, kept in this browser with their keys, and the addresses of what can be done with one.
 *
 * A key goes into the fragment of an address, which browsers send to no server.
 */

import { recall, remember } from "./preferences.js";

const NAME = "broadcasts";
const MOST = 30;

/**
 * @typedef {object} OwnBroadcast
 * @property {string} stream_id
 * @property {string} ingest_key
 * @property {string} title may be empty
 * @property {number} kept_at unix seconds
 */

/**
 * @typedef {object} KeyClaims
 * @property {string} title may be empty
 * @property {string} [description]
 * @property {string} [accent]
 * @property {string} [link]
 * @property {number} [starts_at] unix seconds
 * @property {boolean} [is_private] listeners need a link with a token, or the code
 * @property {string} [access_code] of a private broadcast
 */

/** @returns {OwnBroadcast[]} the newest first */
export function ownBroadcasts() {
  try {
    const kept = JSON.parse(recall(NAME) ?? "[]");
    return Array.isArray(kept) ? kept.filter((each) => each?.stream_id && each.ingest_key) : [];
  } catch {
    return [];
  }
}

/** @param {string} streamId */
export function ownBroadcast(streamId) {
  return ownBroadcasts().find((each) => each.stream_id === streamId);
}

/**
 * @param {{stream_id: string, ingest_key: string}} broadcast takes the place of one with the same id
 * @param {string} title
 * @returns {boolean} whether this browser keeps anything
 */
export function keepBroadcast({ stream_id, ingest_key }, title) {
  const own = { stream_id, ingest_key, title, kept_at: Date.now() / 1000 };
  return store([own, ...othersThan(stream_id)]);
}

/** @param {string} streamId */
export function forgetBroadcast(streamId) {
  store(othersThan(streamId));
}

/**
 * @param {string} streamId
 * @param {string} title
 */
export function renameBroadcast(streamId, title) {
  store(ownBroadcasts().map((each) => (each.stream_id === streamId ? { ...each, title } : each)));
}

/**
 * Return a broadcast with the addresses that the server would give.
 *
 * @param {string} streamId
 * @param {string} key
 * @returns {import("./api.js").Broadcast}
 */
export function broadcastOf(streamId, key) {
  const base = document.body.dataset.baseUrl ?? location.origin;
  const listenUrl = `${base}/listen/${streamId}`;
  return {
    stream_id: streamId,
    ingest_key: key,
    ingest_url: `${base}/ingest/${streamId}`,
    listen_url: listenUrl,
    qr_url: `${listenUrl}/qr.svg`,
  };
}

/**
 * Return what a key claims: a server that was restarted does not know it before the stream is on.
 *
 * @param {string} key `ac1.CLAIMS.MAC`, whose claims are JSON in URL-safe base64
 * @returns {KeyClaims}
 */
export function keyClaims(key) {
  try {
    const text = atob((key.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/"));
    const claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (each) => each.charCodeAt(0))));
    const { d: description, a: accent, u: link, s: startsAt, c: code } = claims;
    const isPrivate = claims.v === "private";
    const title = String(claims.t ?? "");
    return { title, description, accent, link, starts_at: startsAt, is_private: isPrivate, access_code: code };
  } catch {
    return { title: "" };
  }
}

/** @param {string} key */
export function claimedTitle(key) {
  return keyClaims(key).title;
}

/** @param {{stream_id: string, ingest_key: string}} broadcast */
export function controlPath({ stream_id: streamId, ingest_key: key }) {
  return `/control/${streamId}#${key}`;
}

/** @param {{stream_id: string, ingest_key: string}} broadcast */
export function livePath({ stream_id: streamId, ingest_key: key }) {
  return `/broadcast#${streamId}/${key}`;
}

/** @param {BeforeUnloadEvent} event */
export function confirmLeaving(event) {
  event.preventDefault();
  event.returnValue = true; // for browsers before 2023
}

/** @param {string} streamId */
function othersThan(streamId) {
  return ownBroadcasts().filter((each) => each.stream_id !== streamId);
}

/** @param {OwnBroadcast[]} broadcasts */
function store(broadcasts) {
  return remember(NAME, JSON.stringify(broadcasts.slice(0, MOST)));
}

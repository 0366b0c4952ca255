/**
 * The server's API as the pages of those who broadcast use it.
 *
 * @typedef {object} Broadcast
 * @property {string} stream_id
 * @property {string} ingest_key
 * @property {string} ingest_url without the key
 * @property {string} listen_url
 * @property {string} qr_url
 */

/** A request the server refused; `message` is its own words. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * Ask for a stream and its key.
 *
 * @param {string} title may be empty
 * @param {string} token may be empty
 * @returns {Promise<Broadcast>}
 * @throws {Refused} by the server; {TypeError} when there is no network
 */
export async function startBroadcast(title, token) {
  /** @type {Record<string, string>} */
  const headers = { "Content-Type": "application/json" };
  if (token) {
    headers.Authorization = `Bearer ${token}`;
  }
  return answer(await fetch("/api/start", { method: "POST", headers, body: JSON.stringify({ title }) }));
}

/**
 * @returns {Promise<import("./stream_events.js").StreamState[]>} the streams on air
 * @throws {Refused} by the server; {TypeError} when there is no network
 */
export async function liveStreams() {
  return (await answer(await fetch("/api/streams", { cache: "no-store" }))).streams;
}

/**
 * End a stream for good: its listeners are told at once.
 *
 * @param {Broadcast} broadcast
 */
export async function endBroadcast({ stream_id: streamId, ingest_key: key }) {
  const headers = { Authorization: `Bearer ${key}` };
  await fetch(`/api/streams/${encodeURIComponent(streamId)}`, { method: "DELETE", headers, keepalive: true });
}

/** @param {Response} response */
async function answer(response) {
  if (response.ok) {
    return response.json();
  }
  const said = await response.json().catch(() => ({}));
  throw new Refused(response.status, said.message ?? response.statusText);
}

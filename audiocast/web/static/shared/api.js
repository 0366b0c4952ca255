/**
 * The server's API, as far as the start page and the broadcaster's page use it.
 *
 * @typedef {Pick<Api.Started, "stream_id" | "ingest_key" | "ingest_url" | "listen_url" | "qr_url">} Broadcast
 */

/** The server refused a request; `message` is the server's. */
export class RequestRefused extends Error {
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
 * Create a stream and its key.
 *
 * @param {Api.StartRequest} wanted
 * @param {string} token may be empty
 * @returns {Promise<Api.Started>}
 * @throws {RequestRefused} by the server; {TypeError} when there is no network
 */
export async function startBroadcast(wanted, token) {
  /** @type {Record<string, string>} */
  const headers = { "Content-Type": "application/json" };
  if (token) {
    headers.Authorization = `Bearer ${token}`;
  }
  return readJson(await fetch("/api/start", { method: "POST", headers, body: JSON.stringify(wanted) }));
}

/**
 * @returns {Promise<Api.StreamState[]>} the streams on air
 * @throws {RequestRefused} by the server; {TypeError} when there is no network
 */
export async function fetchLiveStreams() {
  /** @type {Api.StreamList} */
  const { streams } = await readJson(await fetch("/api/streams", { cache: "no-store" }));
  return streams;
}

/**
 * @param {string} streamId
 * @returns {Promise<Api.StreamDetails>}
 * @throws {RequestRefused} by the server; {TypeError} when there is no network
 */
export async function fetchStream(streamId) {
  return readJson(await fetch(`/api/streams/${encodeURIComponent(streamId)}`, { cache: "no-store" }));
}

/**
 * @param {Broadcast} broadcast
 * @returns {Promise<Api.AudienceReport>} who listens and who did in the last day
 * @throws {RequestRefused} by the server; {TypeError} when there is no network
 */
export async function fetchAudience({ stream_id: streamId, ingest_key: key }) {
  const headers = { Authorization: `Bearer ${key}` };
  return readJson(await fetch(`/api/streams/${encodeURIComponent(streamId)}/audience`, { headers, cache: "no-store" }));
}

/**
 * End what is on; its listeners learn of it at once.
 *
 * @param {Broadcast} broadcast
 * @param {boolean} [forGood] nobody can come back with its key
 * @throws {RequestRefused} by the server; {TypeError} when there is no network
 */
export async function endBroadcast({ stream_id: streamId, ingest_key: key }, forGood = false) {
  const headers = { Authorization: `Bearer ${key}` };
  const path = `/api/streams/${encodeURIComponent(streamId)}?for_good=${forGood}`;
  const response = await fetch(path, { method: "DELETE", headers, keepalive: true });
  if (!response.ok) {
    await readJson(response);
  }
}

/**
 * Change the title and what else is shown, or mute the sound.
 *
 * @param {Broadcast} broadcast
 * @param {Api.StreamEditRequest} edit
 * @throws {RequestRefused} by the server; {TypeError} when there is no network
 */
export async function editBroadcast(broadcast, edit) {
  await sendChange("PATCH", broadcast, "", edit);
}

/**
 * Show listeners what is on now.
 *
 * @param {Broadcast} broadcast
 * @param {{title: string, artist: string}} track
 * @throws {RequestRefused} by the server; {TypeError} when there is no network
 */
export async function showTrack(broadcast, track) {
  await sendChange("PUT", broadcast, "/metadata", track);
}

/**
 * Give a picture for the cover.
 *
 * @param {Broadcast} broadcast
 * @param {Blob} picture a JPEG, PNG or WebP of at most 256 KiB
 * @throws {RequestRefused} by the server; {TypeError} when there is no network
 */
export async function giveCover(broadcast, picture) {
  await changeCover("PUT", broadcast, picture);
}

/**
 * Have the cover drawn again.
 *
 * @param {Broadcast} broadcast
 * @throws {RequestRefused} by the server; {TypeError} when there is no network
 */
export async function takeBackCover(broadcast) {
  await changeCover("DELETE", broadcast);
}

/**
 * @param {string} method
 * @param {Broadcast} broadcast
 * @param {Blob} [picture]
 */
async function changeCover(method, { stream_id: streamId, ingest_key: key }, picture) {
  const headers = { Authorization: `Bearer ${key}` };
  const path = `/api/streams/${encodeURIComponent(streamId)}/cover`;
  const response = await fetch(path, { method, headers, body: picture });
  if (!response.ok) {
    await readJson(response);
  }
}

/**
 * Ask whether a key is that of a stream, as far as the server knows the stream.
 *
 * @param {Broadcast} broadcast
 * @returns {Promise<{isGood: boolean, title: string}>}
 */
export async function checkKey({ stream_id: streamId, ingest_key: key }) {
  const headers = { Authorization: `Bearer ${key}` };
  try {
    const path = `/api/streams/${encodeURIComponent(streamId)}`;
    /** @type {Api.StreamDetails} */
    const state = await readJson(await fetch(path, { headers, cache: "no-store" }));
    return { isGood: "last_refusal" in state, title: state.title };
  } catch {
    return { isGood: true, title: "" }; // nobody knows it yet, or no network: the server checks whatever is done
  }
}

/**
 * Ask why the server has refused the last source of a stream, within the last minute.
 *
 * @param {Broadcast} broadcast
 * @returns {Promise<Api.LastRefusal | null>} null when it has refused none, or could not be asked
 */
export async function fetchLastRefusal({ stream_id: streamId, ingest_key: key }) {
  const headers = { Authorization: `Bearer ${key}` };
  try {
    const path = `/api/streams/${encodeURIComponent(streamId)}`;
    /** @type {Api.StreamDetails} */
    const state = await readJson(await fetch(path, { headers, cache: "no-store" }));
    return state.last_refusal ?? null;
  } catch {
    return null;
  }
}

/**
 * @param {string} method
 * @param {Broadcast} broadcast
 * @param {string} below the path of the stream
 * @param {object} body
 */
async function sendChange(method, { stream_id: streamId, ingest_key: key }, below, body) {
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  const path = `/api/streams/${encodeURIComponent(streamId)}${below}`;
  const response = await fetch(path, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) {
    await readJson(response);
  }
}

/**
 * @param {Response} response
 * @returns {Promise<any>} whoever asks says what of `Api` it is
 */
export async function readJson(response) {
  if (response.ok) {
    return response.json();
  }
  const body = await response.json().catch(() => ({}));
  throw new RequestRefused(response.status, body.message ?? response.statusText);
}

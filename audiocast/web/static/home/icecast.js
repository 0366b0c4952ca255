/**
 * What programs that speak Icecast ask for, taken from an ingest address. Pure text.
 *
 * @typedef {object} Access
 * @property {string} host without the brackets of an IPv6 address
 * @property {string} port
 * @property {string} mount
 * @property {string} user
 * @property {string} password
 */

/** The server takes any name; this is the one that such programs fill in by themselves. */
const USER = "source";

/**
 * @param {string} ingestUrl without the key
 * @param {string} key
 * @returns {Access}
 */
export function icecastAccess(ingestUrl, key) {
  const { hostname, pathname } = new URL(ingestUrl);
  const host = hostname.replace(/^\[|\]$/g, "");
  return { host, port: portOf(ingestUrl), mount: pathname, user: USER, password: key };
}

/**
 * @param {string} ingestUrl without the key
 * @param {string} key
 * @returns {string} the address as FFmpeg's Icecast output wants it
 */
export function icecastUrl(ingestUrl, key) {
  const { hostname, pathname } = new URL(ingestUrl);
  return `icecast://${USER}:${encodeURIComponent(key)}@${hostname}:${portOf(ingestUrl)}${pathname}`;
}

/** @param {string} ingestUrl */
export function needsTls(ingestUrl) {
  return new URL(ingestUrl).protocol === "https:";
}

/** @param {string} ingestUrl whose default port a URL leaves out */
function portOf(ingestUrl) {
  return new URL(ingestUrl).port || (needsTls(ingestUrl) ? "443" : "80");
}

/**
 * The settings that Icecast source clients ask for, derived from an ingest URL. Pure functions of text.
 *
 * @typedef {object} Access
 * @property {string} host without the brackets of an IPv6 address
 * @property {string} port
 * @property {string} mount
 * @property {string} user
 * @property {string} password
 */

/** The server accepts any name; source clients have this one as their default. */
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
 * @returns {string} the URL for FFmpeg's Icecast output
 */
export function icecastUrl(ingestUrl, key) {
  const { hostname, pathname } = new URL(ingestUrl);
  return `icecast://${USER}:${encodeURIComponent(key)}@${hostname}:${portOf(ingestUrl)}${pathname}`;
}

/** @param {string} ingestUrl */
export function needsTls(ingestUrl) {
  return new URL(ingestUrl).protocol === "https:";
}

/** @param {string} ingestUrl may omit a default port */
function portOf(ingestUrl) {
  return new URL(ingestUrl).port || (needsTls(ingestUrl) ? "443" : "80");
}

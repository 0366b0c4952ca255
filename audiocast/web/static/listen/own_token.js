/**
 * What a visitor of a private broadcast has a token for: it is in a cookie that no script can read, and the page has it
 * in no address unless the visitor wants one for another player.
 */

import { byId } from "../shared/dom.js";

/**
 * Show the visitor's own address for other players with a click: it is in the playlist that the server makes for this
 * browser.
 *
 * @param {string} streamPath
 */
export function attachOwnAddress(streamPath) {
  const button = byId("show-own", HTMLButtonElement);
  button.addEventListener("click", async () => {
    const address = await ownAddress(streamPath);
    if (!address) {
      location.reload(); // the page of a visitor who is not let in any more asks for the code
      return;
    }
    byId("stream-link").textContent = address;
    byId("own-address").hidden = false;
    button.hidden = true;
  });
}

/**
 * @param {string} streamPath
 * @returns {Promise<string | undefined>} nothing: no network, or no token that is good
 */
async function ownAddress(streamPath) {
  try {
    const response = await fetch(`${streamPath}.m3u`, { cache: "no-store" });
    return (await response.text()).split("\n").find((line) => /^https?:.*\?token=/.test(line));
  } catch {
    return undefined;
  }
}

/**
 * Take the token out of a frame's address, once it is in a cookie: where the browser keeps none for the page around the
 * frame, the address is all that there is.
 *
 * @param {string} apiPath of the stream
 */
export async function hideToken(apiPath) {
  const address = new URL(location.href);
  if (!address.searchParams.has("token")) {
    return;
  }
  try {
    const response = await fetch(apiPath, { cache: "no-store" });
    // Who is not let in is told of no private broadcast.
    if (response.ok && (await response.json()).visibility === "private") {
      address.searchParams.delete("token");
      history.replaceState(history.state, "", address);
    }
  } catch {
    // No network: nothing plays either.
  }
}

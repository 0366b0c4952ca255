/**
 * The tiles of live streams on the start page, refreshed while the page is visible.
 *
 * The server has made the first ones. A tile that stays is changed and not replaced, so that its picture and the focus stay.
 *
 * @typedef {import("../shared/stream_events.js").StreamState} StreamState
 */

import { fetchLiveStreams } from "../shared/api.js";
import { byId, find } from "../shared/dom.js";
import { updateText } from "../shared/language.js";
import { pathOnThisOrigin } from "../shared/share.js";
import { trackText } from "../shared/stream_events.js";

const REFRESH_MS = 10_000;
/** As many as the server shows (pages/home.py). */
const MOST_TILES = 48;

/**
 * @param {HTMLElement} list a `ul`
 * @param {HTMLElement} remark shown where there is no list, an old one, or not the whole one
 * @param {import("../shared/language.js").Language} language
 * @returns {() => void} refreshes the list now
 */
export function attachLiveList(list, remark, language) {
  /** What is shown: null before the server has been asked. @type {StreamState[] | null} */
  let streams = null;
  let isReachable = true;

  const show = () => {
    if (streams) {
      showTiles(list, streams.slice(0, MOST_TILES), language);
    }
    updateText(remark, remarkText());
  };
  const remarkText = () => {
    const count = streams ? streams.length - MOST_TILES : 0;
    if (!isReachable) {
      return language.translate("home.live.lost");
    }
    if (count > 0) {
      return language.translate("home.live.more", { count });
    }
    return list.childElementCount === 0 ? language.translate("home.live.none") : "";
  };
  const refresh = async () => {
    if (document.hidden) {
      return;
    }
    try {
      streams = newestFirst(await fetchLiveStreams());
      isReachable = true;
    } catch {
      isReachable = false;
    }
    show();
  };
  setInterval(refresh, REFRESH_MS);
  document.addEventListener("visibilitychange", refresh);
  language.addEventListener("change", show);
  refresh();
  return refresh;
}

/** @param {StreamState[]} streams */
function newestFirst(streams) {
  return streams.sort(
    (one, other) => (other.started_at ?? 0) - (one.started_at ?? 0) || (one.stream_id < other.stream_id ? -1 : 1),
  );
}

/**
 * @param {HTMLElement} list
 * @param {StreamState[]} streams
 * @param {import("../shared/language.js").Language} language
 */
function showTiles(list, streams, language) {
  const before = /** @type {HTMLElement[]} */ ([...list.children]);
  const known = new Map(before.map((tile) => [tile.dataset.id, tile]));
  const after = streams.map((stream) => {
    const tile = known.get(stream.stream_id) ?? newTile(stream.stream_id);
    update(tile, stream, language);
    return tile;
  });
  if (after.length === before.length && after.every((tile, index) => tile === before[index])) {
    return;
  }
  const focused = document.activeElement;
  list.replaceChildren(...after);
  if (focused instanceof HTMLElement && list.contains(focused)) {
    focused.focus();
  }
}

/** @param {string} streamId */
function newTile(streamId) {
  const content = /** @type {DocumentFragment} */ (byId("tile", HTMLTemplateElement).content.cloneNode(true));
  const tile = find(content, "li", HTMLElement);
  tile.dataset.id = streamId;
  find(tile, "a", HTMLAnchorElement).href = `/listen/${encodeURIComponent(streamId)}`;
  return tile;
}

/**
 * @param {HTMLElement} tile
 * @param {StreamState} stream
 * @param {import("../shared/language.js").Language} language
 */
function update(tile, stream, language) {
  find(tile, "a", HTMLElement).dataset.stream = stream.state;
  const picture = find(tile, "img", HTMLImageElement);
  const cover = pathOnThisOrigin(stream.cover_url ?? "");
  if (picture.getAttribute("src") !== cover) {
    picture.src = cover;
  }
  const count = stream.listeners ?? 0;
  updateText(find(tile, ".title", HTMLElement), stream.title || language.translate("untitled"));
  updateText(find(tile, ".track", HTMLElement), trackText(stream.now_playing));
  updateText(find(tile, ".status", HTMLElement), language.translate(`status.${stream.state}`));
  updateText(find(tile, ".listeners", HTMLElement), count ? language.translate("listeners", { count }) : "");
}

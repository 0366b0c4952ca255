/**
 * The elements of a stream that the listener's page and the embedded player both have, and their button.
 */

import { byId } from "../shared/dom.js";
import { updateText } from "../shared/language.js";
import { showMediaMetadata } from "../player/media_session.js";

/**
 * Keep the elements up to date, and make the button start and stop.
 *
 * @param {import("../player/listening.js").Listening} listening
 * @param {import("../shared/language.js").Language} language
 */
export function attachListenView(listening, language) {
  const button = byId("listen-button", HTMLButtonElement);
  const show = () => {
    const { stream, track, isOnAir, player } = listening;
    const title = listening.title || language.translate(stream.is_known ? "untitled" : "unknown");
    document.title = `${title} · audiocast`;
    document.body.dataset.stream = stream.state;
    document.body.toggleAttribute("data-unknown", !stream.is_known);
    document.body.dataset.player = player.phase;
    byId("title").textContent = title;
    byId("title").dataset.length = titleLength(title);
    updateText(byId("status"), language.translate(`status.${stream.state}`));
    byId("now-playing").hidden = !track;
    byId("now-playing-text").textContent = track;
    byId("listeners").textContent =
      isOnAir && listening.listeners > 0 ? language.translate("listeners", { count: listening.listeners }) : "";
    button.disabled = !listening.canPlay && player.phase !== "failed";
    byId("listen-button-text").textContent = language.translate(listening.actionKey);
    updateText(byId("note"), listening.noteKey ? language.translate(listening.noteKey) : "");
    const now = stream.now_playing;
    showMediaMetadata({
      title: now?.title || title,
      artist: now?.artist || (now?.title ? title : "audiocast"),
      album: title,
      artwork: listening.pageData.artwork ?? "",
    });
  };
  listening.addEventListener("change", show);
  language.addEventListener("change", show);
  button.addEventListener("click", () => listening.startOrStop());
  show();
}

/**
 * Return which of its three sizes a title has; the server has chosen by the same numbers (first_words.py).
 *
 * @param {string} title
 */
export function titleLength(title) {
  const { length } = [...title];
  return length <= 20 ? "short" : length <= 60 ? "medium" : "long";
}

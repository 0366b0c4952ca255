/**
 * What the listener's page and an embedded player both show of a stream, and their button.
 *
 * The rest of each page is its own module's.
 */

import { byId } from "../shared/dom.js";
import { setWords } from "../shared/language.js";
import { describeSound } from "../player/media_session.js";

/**
 * Keep the page's elements in step.
 *
 * @param {import("../player/listening.js").Listening} listening
 * @param {import("../shared/language.js").Language} language
 */
export function attachListenView(listening, language) {
  const button = byId("listen-button", HTMLButtonElement);
  const show = () => {
    const { stream, track, isOnAir, player } = listening;
    const title = listening.title || language.say("untitled");
    document.title = `${title} · audiocast`;
    document.body.dataset.stream = stream.state;
    document.body.dataset.player = player.phase;
    byId("title").textContent = title;
    setWords(byId("status"), language.say(`status.${stream.state}`));
    byId("now-playing").hidden = !track;
    byId("now-playing-text").textContent = track;
    byId("listeners").textContent = isOnAir ? language.say("listeners", { count: listening.listeners }) : "";
    button.disabled = !listening.canPlay && player.phase !== "failed";
    byId("listen-button-text").textContent = language.say(listening.action);
    setWords(byId("note"), listening.note ? language.say(listening.note) : "");
    const now = stream.now_playing;
    describeSound({
      title: now?.title || title,
      artist: now?.artist || (now?.title ? title : "audiocast"),
      album: title,
      artwork: listening.given.artwork ?? "",
    });
  };
  listening.addEventListener("change", show);
  language.addEventListener("change", show);
  button.addEventListener("click", () => listening.startOrStop());
  show();
}

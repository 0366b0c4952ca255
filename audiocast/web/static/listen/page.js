/**
 * The listener's page: joins the player (listening.js) with the elements that only this page has.
 */

import { useAccent } from "./accent.js";
import { byId } from "../shared/dom.js";
import { PlaybackDetails } from "./details.js";
import { attachHistory } from "./history.js";
import { attachKeyboard } from "./keyboard.js";
import { Language } from "../shared/language.js";
import { attachListenView, titleLength } from "./view.js";
import { Listening } from "../player/listening.js";
import { ModeSwitch } from "./mode_switch.js";
import { attachMoments } from "./moments.js";
import { attachOwnAddress } from "./own_token.js";
import { attachQr, attachShare, attachElementCopy, pathOnThisOrigin } from "../shared/share.js";
import { Spectrum } from "./spectrum.js";
import { IS_APPLE_TOUCH } from "../player/device.js";
import { attachVolume } from "./volume.js";

const pageData = document.body.dataset;
const audio = byId("audio", HTMLAudioElement);

const language = new Language(document);
const mode = new ModeSwitch(byId("mode"), language);
const listening = new Listening(audio, pageData, () => mode.name);
const { player } = listening;
const spectrum = new Spectrum(byId("spectrum", HTMLCanvasElement), audio, !IS_APPLE_TOUCH);

function attachSharing() {
  const link = pageData.listenUrl ?? location.href;
  attachQr(byId("share-button", HTMLButtonElement), byId("qr-dialog"), () => pathOnThisOrigin(pageData.qrSvgUrl ?? ""));
  for (const [button, shown] of [
    ["copy-button", "qr-link"],
    ["copy-stream", "stream-link"],
    ["copy-frame", "frame-code"],
    ["copy-plain", "plain-code"],
  ]) {
    // A private broadcast has nothing to put on other pages.
    if (document.getElementById(button)) {
      attachElementCopy(byId(button, HTMLButtonElement), byId(shown), language);
    }
  }
  if ("private" in pageData) {
    attachOwnAddress(listening.streamPath);
  }
  attachShare(byId("send-button", HTMLButtonElement), () => {
    const title = listening.title || language.translate("untitled");
    return { title, text: language.translate("share.text", { title }), url: link };
  });
}

/** A broadcast that gets another title gets another cover, and so does one whose broadcaster gives a picture. */
function showCover() {
  const { cover_version: version } = listening.stream;
  const cover = byId("cover", HTMLImageElement);
  const path = `${new URL(cover.src).pathname}?v=${version}`;
  if (version && cover.getAttribute("src") !== path) {
    cover.src = path;
  }
}

/** What the heading cuts off after four lines is whole here. */
function showWholeTitle() {
  byId("whole-title").textContent = listening.title;
  byId("whole-title").hidden = titleLength(listening.title) !== "long";
}

player.addEventListener("phase", () => {
  if (player.phase === "playing") {
    spectrum.tap(player.output?.source ?? null);
  }
  spectrum.show(player.phase === "playing");
});
// The spectrum analyses an audio element through a context of its own; the other outputs have one. HLS is not analysed:
// Safari would play silence.
listening.addEventListener(
  "wake",
  () => player.isWanted && player.output === listening.elementOutput && spectrum.wake(),
);
listening.addEventListener("change", showWholeTitle);
listening.addEventListener("change", showCover);
// The page of a visitor who is not let in any more asks for the code.
listening.addEventListener("change", () => listening.isLetOut && location.reload());
mode.addEventListener("change", () => listening.chooseOutputs());

useAccent(pageData);
language.attachSwitch(byId("language-switch"));
attachSharing();
const volume = attachVolume(byId("volume"), audio, language);
attachKeyboard(byId("keys", HTMLInputElement), listening, volume);
listening.open();
attachListenView(listening, language);
attachMoments(listening, language);
attachHistory(byId("history", HTMLDetailsElement), listening, language);
new PlaybackDetails(byId("details"), player, language);
byId("more", HTMLDetailsElement).open = !listening.canPlay;
spectrum.show(false);
document.body.dataset.script = "runs"; // plain.js has nothing to do

/**
 * The listener's page: joins the player (listening.js) with the elements that only this page has.
 */

import { byId } from "../shared/dom.js";
import { PlaybackDetails } from "./details.js";
import { attachHistory } from "./history.js";
import { Language } from "../shared/language.js";
import { attachListenView } from "./view.js";
import { Listening } from "../player/listening.js";
import { ModeSwitch } from "./mode_switch.js";
import { attachCopy, attachQr, attachShare, attachElementCopy, pathOnThisOrigin } from "../shared/share.js";
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

function showSince() {
  const { started_at: startedAt } = listening.stream;
  const isKnown = listening.isOnAir && startedAt;
  byId("since").textContent = isKnown ? language.translate("since", { time: language.clock(startedAt) }) : "";
}

function attachSharing() {
  const link = pageData.listenUrl ?? location.href;
  const dialog = byId("qr-dialog");
  const openQr = byId("qr-button", HTMLButtonElement);
  attachQr(openQr, dialog, () => pathOnThisOrigin(pageData.qrSvgUrl ?? ""));
  attachCopy(byId("copy-button", HTMLButtonElement), () => link, {
    label: byId("copy-button-text"),
    usual: () => language.translate("listen.copy"),
    done: () => language.translate("copy.done"),
    refused: () => openQr.click(), // its dialog shows the link, to be selected by hand
  });
  for (const [button, shown] of [
    ["copy-stream", "stream-link"],
    ["copy-frame", "frame-code"],
    ["copy-plain", "plain-code"],
  ]) {
    attachElementCopy(byId(button, HTMLButtonElement), byId(shown), language);
  }
  attachShare(byId("share-button", HTMLButtonElement), () => {
    const title = listening.title || language.translate("untitled");
    return { title, text: language.translate("share.text", { title }), url: link };
  });
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
listening.addEventListener("change", showSince);
language.addEventListener("change", showSince);
mode.addEventListener("change", () => listening.chooseOutputs());

language.attachSwitch(byId("language-switch"));
attachSharing();
attachVolume(byId("volume"), audio, language);
listening.open();
attachListenView(listening, language);
attachHistory(byId("history", HTMLDetailsElement), listening, language);
new PlaybackDetails(byId("details", HTMLDetailsElement), player, language);
byId("elsewhere", HTMLDetailsElement).open = !listening.canPlay;
showSince();
spectrum.show(false);
document.body.dataset.script = "runs"; // plain.js has nothing to do

/**
 * The listener's page: what it has beyond the player itself, which is listening.js.
 */

import { byId } from "../shared/dom.js";
import { Details } from "./details.js";
import { attachHistory } from "./history.js";
import { Language } from "../shared/language.js";
import { attachListenView } from "./view.js";
import { Listening } from "../player/listening.js";
import { ModeSwitch } from "./mode_switch.js";
import { attachCopy, attachQr, attachShare, copyShown, here } from "../shared/share.js";
import { Spectrum } from "./spectrum.js";
import { IS_APPLE_TOUCH } from "../player/device.js";
import { attachVolume } from "./volume.js";

const given = document.body.dataset;
const audio = byId("audio", HTMLAudioElement);

const language = new Language(document);
const mode = new ModeSwitch(byId("mode"), language);
const listening = new Listening(audio, given, () => mode.name);
const { player } = listening;
const spectrum = new Spectrum(byId("spectrum", HTMLCanvasElement), audio, !IS_APPLE_TOUCH);

function showSince() {
  const { started_at: startedAt } = listening.stream;
  const isKnown = listening.isOnAir && startedAt;
  byId("since").textContent = isKnown ? language.say("since", { time: language.clock(startedAt) }) : "";
}

function wireSharing() {
  const link = given.listenUrl ?? location.href;
  const dialog = byId("qr-dialog");
  const openQr = byId("qr-button", HTMLButtonElement);
  attachQr(openQr, dialog, () => here(given.qrSvgUrl ?? ""));
  attachCopy(byId("copy-button", HTMLButtonElement), () => link, {
    label: byId("copy-button-text"),
    usual: () => language.say("listen.copy"),
    done: () => language.say("copy.done"),
    refused: () => openQr.click(), // there the link stands in full, to be selected by hand
  });
  for (const [button, shown] of [
    ["copy-stream", "stream-link"],
    ["copy-frame", "frame-code"],
    ["copy-plain", "plain-code"],
  ]) {
    copyShown(byId(button, HTMLButtonElement), byId(shown), language);
  }
  attachShare(byId("share-button", HTMLButtonElement), () => {
    const title = listening.title || language.say("untitled");
    return { title, text: language.say("share.text", { title }), url: link };
  });
}

player.addEventListener("phase", () => {
  if (player.phase === "playing") {
    spectrum.tap(player.output?.source ?? null);
  }
  spectrum.show(player.phase === "playing");
});
// An audio element is looked at through a context of the spectrum's own; the others have one themselves. HLS is not
// looked at: Safari keeps it silent then.
listening.addEventListener("wake", () => player.wanted && player.output === listening.element && spectrum.wake());
listening.addEventListener("change", showSince);
language.addEventListener("change", showSince);
mode.addEventListener("change", () => listening.choose());

language.attachSwitch(byId("language-switch"));
wireSharing();
attachVolume(byId("volume"), audio, language);
listening.open();
attachListenView(listening, language);
attachHistory(byId("history", HTMLDetailsElement), listening, language);
new Details(byId("details", HTMLDetailsElement), player, language);
byId("elsewhere", HTMLDetailsElement).open = !listening.canPlay;
showSince();
spectrum.show(false);
document.body.dataset.script = "runs"; // plain.js has nothing to do

/**
 * The listener's page: what it has beyond the player itself, which is listening.js.
 */

import { Details } from "./details.js";
import { attachHistory } from "./history.js";
import { Language } from "../shared/language.js";
import { attachListenView } from "./view.js";
import { Listening } from "../player/listening.js";
import { ModeSwitch } from "./mode_switch.js";
import { attachCopy, attachQr, attachShare, copyShown, here } from "../shared/share.js";
import { Spectrum } from "./spectrum.js";
import { IS_APPLE_TOUCH } from "../player/media_session.js";
import { attachVolume } from "./volume.js";

/** @param {string} id */
const $ = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const given = document.body.dataset;
const audio = /** @type {HTMLAudioElement} */ ($("audio"));

const language = new Language(document);
const mode = new ModeSwitch(/** @type {HTMLElement} */ ($("mode")), language);
const listening = new Listening(audio, given, () => mode.name);
const { player } = listening;
const spectrum = new Spectrum(/** @type {HTMLCanvasElement} */ ($("spectrum")), audio, !IS_APPLE_TOUCH);

function showSince() {
  const { started_at: startedAt } = listening.stream;
  const isKnown = listening.isOnAir && startedAt;
  $("since").textContent = isKnown ? language.say("since", { time: language.clock(startedAt) }) : "";
}

function wireSharing() {
  const link = given.listenUrl ?? location.href;
  const dialog = /** @type {HTMLDialogElement} */ ($("qr-dialog"));
  const openQr = /** @type {HTMLButtonElement} */ ($("qr-button"));
  attachQr(openQr, dialog, () => here(given.qrSvgUrl ?? ""));
  attachCopy(/** @type {HTMLButtonElement} */ ($("copy-button")), () => link, {
    label: $("copy-button-text"),
    usual: () => language.say("listen.copy"),
    done: () => language.say("copy.done"),
    refused: () => openQr.click(), // there the link stands in full, to be selected by hand
  });
  for (const [button, shown] of [
    ["copy-stream", "stream-link"],
    ["copy-frame", "frame-code"],
    ["copy-plain", "plain-code"],
  ]) {
    copyShown(/** @type {HTMLButtonElement} */ ($(button)), $(shown), language);
  }
  attachShare(/** @type {HTMLButtonElement} */ ($("share-button")), () => {
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

language.attachSwitch($("language-switch"));
wireSharing();
attachVolume($("volume"), audio, language);
listening.open();
attachListenView(listening, language);
attachHistory(/** @type {HTMLDetailsElement} */ ($("history")), listening, language);
new Details(/** @type {HTMLDetailsElement} */ ($("details")), player, language);
/** @type {HTMLDetailsElement} */ ($("elsewhere")).open = !listening.canPlay;
showSince();
spectrum.show(false);
document.body.dataset.script = "runs"; // plain.js has nothing to do

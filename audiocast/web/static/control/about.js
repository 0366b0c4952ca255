/**
 * The panel in which a broadcaster says what a show is, before it and during it: fields, the picture, and one button.
 */

import { AboutFields, UnusableField } from "../shared/about_fields.js";
import { editBroadcast, fetchStream, giveCover, RequestRefused, takeBackCover } from "../shared/api.js";
import { byId } from "../shared/dom.js";
import { updateText } from "../shared/language.js";
import { keyClaims } from "../shared/own_broadcasts.js";

const DONE_FOR_MS = 2_000;

/**
 * @param {import("../shared/language.js").Language} language
 * @returns {(broadcast: import("../shared/api.js").Broadcast) => void} shows what is said of a broadcast
 */
export function attachAbout(language) {
  const fields = new AboutFields();
  /** @type {import("../shared/api.js").Broadcast | null} */
  let broadcast = null;
  /** @type {[string, Record<string, string>] | null} */
  let trouble = null;

  const showTrouble = () => updateText(byId("about-trouble"), trouble ? language.translate(...trouble) : "");

  /** @param {(broadcast: import("../shared/api.js").Broadcast) => Promise<void>} request */
  const change = async (request) => {
    if (!broadcast) {
      return false;
    }
    try {
      await request(broadcast);
      trouble = null;
    } catch (error) {
      trouble = reason(error);
    }
    showTrouble();
    await showCover(broadcast);
    return !trouble;
  };

  byId("about-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const isDone = await change(async (wanted) => {
      const edit = fields.edit();
      const picture = await fields.picture();
      await editBroadcast(wanted, edit);
      if (picture) {
        await giveCover(wanted, picture);
        byId("about-picture", HTMLInputElement).value = "";
      }
    });
    if (isDone) {
      byId("about-save").textContent = language.translate("about.save.done");
      setTimeout(() => (byId("about-save").textContent = language.translate("about.save")), DONE_FOR_MS);
    }
  });
  byId("about-draw").addEventListener("click", () => change(takeBackCover));
  language.addEventListener("change", showTrouble);

  return async (next) => {
    broadcast = next;
    fields.fill(await fetchStream(next.stream_id).catch(() => keyClaims(next.ingest_key)));
    await showCover(next);
  };
}

/** @param {import("../shared/api.js").Broadcast} broadcast */
async function showCover({ stream_id: streamId }) {
  const state = await fetchStream(streamId).catch(() => null);
  const version = state ? `?v=${state.cover_version}` : "";
  byId("about-cover", HTMLImageElement).src = `/listen/${encodeURIComponent(streamId)}/cover.svg${version}`;
}

/**
 * @param {unknown} error
 * @returns {[string, Record<string, string>]} a phrase's key and its values
 */
function reason(error) {
  if (error instanceof UnusableField) {
    return [error.key, {}];
  }
  return error instanceof RequestRefused ? ["trouble.server", { message: error.message }] : ["trouble.network", {}];
}

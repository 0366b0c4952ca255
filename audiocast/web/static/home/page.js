/**
 * The start page: the tiles of live streams, the visitor's own broadcasts, and the form that creates one.
 *
 * A new broadcast is kept in this browser, and opened on its control page.
 */

import { byId } from "../shared/dom.js";
import { Language } from "../shared/language.js";
import { attachLiveList } from "./live_list.js";
import { attachOwnList } from "./own_list.js";
import { controlPath, keepBroadcast } from "../shared/own_broadcasts.js";
import { StartForm } from "../shared/start_form.js";
import { HOME_STRINGS } from "./strings.js";

const language = new Language(document, HOME_STRINGS);
const startForm = new StartForm(language);
const create = byId("create-button", HTMLButtonElement);

/** @param {SubmitEvent} event */
async function startStream(event) {
  event.preventDefault();
  create.disabled = true;
  byId("create-button-text").textContent = language.translate("home.creating");
  const broadcast = await startForm.submit();
  create.disabled = false;
  byId("create-button-text").textContent = language.translate("home.create");
  if (broadcast) {
    keepBroadcast(broadcast, startForm.title);
    location.assign(controlPath(broadcast));
  }
}

byId("start-form", HTMLFormElement).addEventListener("submit", startStream);
language.attachSwitch(byId("language-switch"));
attachOwnList(language);
attachLiveList(byId("streams"), byId("streams-remark"), language);
document.body.dataset.script = "runs";

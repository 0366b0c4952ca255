/**
 * The player embedded in other sites. Its language is the browser's; it uses the choices made on the listener's page where
 * the browser lets a frame read them.
 */

import { useAccent } from "./accent.js";
import { byId } from "../shared/dom.js";
import { Language } from "../shared/language.js";
import { attachListenView } from "./view.js";
import { Listening } from "../player/listening.js";
import { chosenMode } from "./mode_switch.js";
import { hideToken } from "./own_token.js";
import { attachVolume } from "./volume.js";

const audio = byId("audio", HTMLAudioElement);
const language = new Language(document);
const listening = new Listening(audio, document.body.dataset, chosenMode);

useAccent(document.body.dataset);
attachVolume(byId("volume"), audio, language);
listening.open();
attachListenView(listening, language);
void hideToken(listening.apiPath);
document.body.dataset.script = "runs"; // plain.js has nothing to do

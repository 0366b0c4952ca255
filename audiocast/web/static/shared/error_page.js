/**
 * The error page: only its language needs a script.
 */

import { byId } from "./dom.js";
import { Language } from "./language.js";

const language = new Language(document);
language.attachSwitch(byId("language-switch"));

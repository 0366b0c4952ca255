/**
 * The error page: nothing but its language.
 */

import { byId } from "./dom.js";
import { Language } from "./language.js";

const language = new Language(document);
language.attachSwitch(byId("language-switch"));

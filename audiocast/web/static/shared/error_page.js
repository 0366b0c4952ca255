/**
 * The error page: nothing but its language.
 */

import { Language } from "./language.js";

const language = new Language(document);
language.attachSwitch(/** @type {HTMLElement} */ (document.getElementById("language-switch")));

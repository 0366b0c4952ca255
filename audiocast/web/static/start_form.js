/**
 * Why a broadcast could not be started: the reason and its words, for every page that starts one.
 */

import { Refused } from "./api.js";

/** @type {import("./strings.js").Phrases} */
export const START_TROUBLE_STRINGS = {
  en: {
    "trouble.network": "The server does not answer. Check the network and try again.",
    "trouble.server": "The server refused: {message}",
    "trouble.token": "The server did not accept this token.",
    "trouble.token.missing": "This server asks for an access token.",
  },
  ru: {
    "trouble.network": "Сервер не отвечает. Проверьте сеть и попробуйте ещё раз.",
    "trouble.server": "Сервер отказал: {message}",
    "trouble.token": "Сервер не принял этот токен.",
    "trouble.token.missing": "Этому серверу нужен токен доступа.",
  },
};

/**
 * @param {unknown} error of `startBroadcast`
 * @param {string} token that was tried; may be empty
 * @returns {[string, Record<string, string>]} a phrase's key and its values
 */
export function startTrouble(error, token) {
  if (!(error instanceof Refused)) {
    return ["trouble.network", {}];
  }
  if (error.status !== 401) {
    return ["trouble.server", { message: error.message }];
  }
  return [token ? "trouble.token" : "trouble.token.missing", {}];
}

/**
 * The phrases of both pages that start a broadcast, in the form of strings.js.
 */

/** @type {import("./strings.js").Phrases} */
export const START_STRINGS = {
  en: {
    "start.title": "Title",
    "start.title.hint": "optional, listeners see it",
    "start.token": "Access token",
    "start.token.hint": "this server asks for one before a broadcast",

    "link.listen": "Listen link, for everyone",
    "link.copy": "Copy the listen link",
    "link.open": "Open",

    "trouble.network": "The server does not answer. Check the network and try again.",
    "trouble.server": "The server refused: {message}",
    "trouble.token": "The server did not accept this token.",
    "trouble.token.missing": "This server asks for an access token.",
  },
  ru: {
    "start.title": "Название",
    "start.title.hint": "необязательно, его увидят слушатели",
    "start.token": "Токен доступа",
    "start.token.hint": "этот сервер просит его перед эфиром",

    "link.listen": "Ссылка для слушателей",
    "link.copy": "Копировать ссылку для слушателей",
    "link.open": "Открыть",

    "trouble.network": "Сервер не отвечает. Проверьте сеть и попробуйте ещё раз.",
    "trouble.server": "Сервер отказал: {message}",
    "trouble.token": "Сервер не принял этот токен.",
    "trouble.token.missing": "Этому серверу нужен токен доступа.",
  },
};

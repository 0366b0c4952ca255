/**
 * The phrases of the start page alone, in the form of shared/strings.js; listeners do not load them.
 */

import { START_STRINGS } from "../shared/strings_start.js";

/** @type {import("../shared/strings.js").Phrases} */
export const HOME_STRINGS = {
  en: {
    ...START_STRINGS.en,
    "home.title": "Live audio for everyone with the link",
    "home.lead":
      "Send one Opus stream. Anyone can listen in a browser or a player, a moment later, with nothing to install.",
    "home.live": "On air now",
    "home.live.none": "Nothing is listed here right now. Streams are listed only when their broadcasters ask for it.",
    "home.live.lost": "The list is out of reach. Trying again…",
    "home.broadcast": "Start a broadcast",
    "home.create": "Get a link and a key",
    "home.creating": "One moment…",
    "home.browser": "Nothing to install, and no commands:",
    "home.browser.link": "broadcast from this browser",
  },

  ru: {
    ...START_STRINGS.ru,
    "home.title": "Прямой эфир для всех, у кого есть ссылка",
    "home.lead":
      "Отправьте один поток Opus — и его услышат в браузере или плеере через мгновение. Устанавливать ничего не нужно.",
    "home.live": "Сейчас в эфире",
    "home.live.none": "Сейчас здесь ничего нет. Эфир попадает в список, только если об этом попросит ведущий.",
    "home.live.lost": "Список недоступен. Пробуем ещё раз…",
    "home.broadcast": "Начать эфир",
    "home.create": "Получить ссылку и ключ",
    "home.creating": "Секунду…",
    "home.browser": "Без программ и команд:",
    "home.browser.link": "эфир прямо из браузера",
  },
};

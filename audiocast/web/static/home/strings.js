/**
 * The phrases of the start page alone, in the form of shared/strings.js; listeners do not load them.
 */

import { START_STRINGS } from "../shared/strings_start.js";

/** @type {import("../shared/strings.js").Phrases} */
export const HOME_STRINGS = {
  en: {
    ...START_STRINGS.en,
    "home.title": "Live audio for everyone with the link",
    "home.lead": "Speak, play, or pass on any sound. Others hear it a moment later, with nothing to install.",
    "home.live": "On air now",
    "home.live.none": "Nothing is listed here right now. Streams are listed only when their broadcasters ask for it.",
    "home.live.lost": "The list is out of reach. Trying again…",
    "home.live.more": { one: "{count} more is on air.", other: "{count} more are on air." },
    "home.browser": "Go live now",
    "home.browser.about": "From this browser, with two clicks.",
    "home.browser.sound": "Your microphone, or the sound of a tab",
    "home.browser.level": "See and set the level before you begin",
    "home.browser.needs": "On computers and Android; on iPhone and Mac with Safari 26",
    "home.browser.go": "Go live now",
    "home.program": "From a program",
    "home.program.about": "For a sound card, a mixer, a file or a server.",
    "home.program.window": "Our window",
    "home.program.command": "Our command",
    "home.program.install": "Install",
    "home.program.own": "They make the link by themselves, and need no key.",
    "home.program.others": "butt, Mixxx, OBS, FFmpeg and others",
    "home.create": "Get a link and a key",
    "home.creating": "One moment…",
  },

  ru: {
    ...START_STRINGS.ru,
    "home.title": "Прямой эфир для всех, у кого есть ссылка",
    "home.lead": "Говорите, играйте, передавайте звук. Его услышат тут же, ничего не устанавливая.",
    "home.live": "Сейчас в эфире",
    "home.live.none": "Сейчас здесь ничего нет. Эфир попадает в список, только если об этом попросит ведущий.",
    "home.live.lost": "Список недоступен. Пробуем ещё раз…",
    "home.live.more": {
      one: "В эфире ещё {count}.",
      few: "В эфире ещё {count}.",
      many: "В эфире ещё {count}.",
      other: "В эфире ещё {count}.",
    },
    "home.browser": "Сразу в эфир",
    "home.browser.about": "Из этого браузера, в два нажатия.",
    "home.browser.sound": "Ваш микрофон или звук вкладки",
    "home.browser.level": "Уровень видно и можно настроить до эфира",
    "home.browser.needs": "На компьютере и Android; на iPhone и Mac — Safari 26",
    "home.browser.go": "Сразу в эфир",
    "home.program": "Из программы",
    "home.program.about": "Для звуковой карты, пульта, файла или сервера.",
    "home.program.window": "Наше окно",
    "home.program.command": "Наша команда",
    "home.program.install": "Установка",
    "home.program.own": "Они сами создают ссылку, ключ им не нужен.",
    "home.program.others": "butt, Mixxx, OBS, FFmpeg и другие",
    "home.create": "Получить ссылку и ключ",
    "home.creating": "Секунду…",
  },
};

/**
 * The words of the listener's page and those that all pages share, in English and in Russian, and nothing else.
 *
 * A value is a text with `{name}` places, or an object of plural forms keyed by Intl.PluralRules categories.
 * Both languages hold the same keys. The HTML carries the English text too, for the moment before scripts run.
 *
 * @typedef {string | Record<string, string>} Phrase
 * @typedef {Record<string, Record<string, Phrase>>} Phrases language code, then key
 */

/** @type {Phrases} */
export const STRINGS = {
  en: {
    "language.other": "Русский",
    "nav.home": "audiocast, start page",
    "copy.copy": "Copy",
    "copy.done": "Copied",
    "copy.select": "Selected: press Ctrl+C",
    "qr.title": "Scan to listen",
    "qr.alt": "QR code of the listen link",
    "qr.save": "Save as PNG",
    "qr.close": "Close",
    "listeners": { one: "{count} listener", other: "{count} listeners" },
    "untitled": "Untitled broadcast",

    "status.live": "Live",
    "status.waiting": "Not on air yet",
    "status.held": "Live, sound interrupted",
    "status.ended": "Broadcast ended",
    "since": "since {time}",

    "listen.start": "Start listening",
    "listen.pause": "Pause",
    "listen.cancel": "Stop",
    "listen.volume": "Volume",
    "listen.mute": "Mute",
    "listen.unmute": "Unmute",
    "listen.copy": "Copy link",
    "listen.share": "Share",
    "listen.qr": "QR code",
    "listen.open": "Open in another player",
    "listen.playlist": "Open as a playlist",
    "listen.address": "or give the player this address:",
    "listen.copy.stream": "Copy the stream’s address",
    "listen.share.text": "Listen live: {title}",

    "note.connecting": "Connecting…",
    "note.retrying": "Connection lost. Reconnecting…",
    "note.offline": "You are offline. The sound comes back with the network.",
    "note.waiting": "The sound starts by itself when the broadcast begins.",
    "note.waiting.idle": "Nobody is broadcasting right now.",
    "note.held": "The broadcaster lost the connection. Silence until they are back.",
    "note.over": "If the broadcast comes back soon, the sound resumes by itself.",
    "note.over.idle": "Thank you for listening.",
    "note.again": "The broadcast is back. Press the button to listen.",
    "note.blocked": "The browser did not allow sound yet. Press the button to listen.",
    "note.unsupported": "This browser cannot play Ogg Opus. Open the stream in another player.",

    "error.missing.title": "Nothing at this address",
    "error.missing.text": "The link may be cut short or out of date. Ask for it again, or look at what is on air.",
    "error.other.title": "That did not work",
    "error.other.text": "The server could not answer this request. Try again in a moment.",
    "error.home": "To the start page",
  },

  ru: {
    "language.other": "English",
    "nav.home": "audiocast, главная страница",
    "copy.copy": "Копировать",
    "copy.done": "Скопировано",
    "copy.select": "Выделено: нажмите Ctrl+C",
    "qr.title": "Наведите камеру",
    "qr.alt": "QR-код ссылки на эфир",
    "qr.save": "Сохранить PNG",
    "qr.close": "Закрыть",
    "listeners": {
      one: "{count} слушатель",
      few: "{count} слушателя",
      many: "{count} слушателей",
      other: "{count} слушателя",
    },
    "untitled": "Эфир без названия",

    "status.live": "В эфире",
    "status.waiting": "Эфир ещё не начался",
    "status.held": "В эфире, звук прервался",
    "status.ended": "Эфир завершён",
    "since": "с {time}",

    "listen.start": "Начать прослушивание",
    "listen.pause": "Пауза",
    "listen.cancel": "Остановить",
    "listen.volume": "Громкость",
    "listen.mute": "Выключить звук",
    "listen.unmute": "Включить звук",
    "listen.copy": "Копировать ссылку",
    "listen.share": "Отправить",
    "listen.qr": "QR-код",
    "listen.open": "Открыть в другом плеере",
    "listen.playlist": "Открыть как плейлист",
    "listen.address": "или вставьте в плеер этот адрес:",
    "listen.copy.stream": "Копировать адрес потока",
    "listen.share.text": "Слушайте прямой эфир: {title}",

    "note.connecting": "Подключаемся…",
    "note.retrying": "Связь прервалась. Подключаемся снова…",
    "note.offline": "Нет сети. Звук вернётся вместе с ней.",
    "note.waiting": "Звук включится сам, когда начнётся эфир.",
    "note.waiting.idle": "Сейчас никто не вещает.",
    "note.held": "У ведущего прервалась связь. Пока тишина, ждём его возвращения.",
    "note.over": "Если эфир скоро вернётся, звук включится сам.",
    "note.over.idle": "Спасибо, что слушали.",
    "note.again": "Эфир возобновился. Нажмите кнопку, чтобы слушать.",
    "note.blocked": "Браузер пока не разрешил звук. Нажмите кнопку, чтобы слушать.",
    "note.unsupported": "Этот браузер не умеет играть Ogg Opus. Откройте поток в другом плеере.",

    "error.missing.title": "Здесь ничего нет",
    "error.missing.text": "Возможно, ссылка обрезана или устарела. Попросите её ещё раз или посмотрите, кто в эфире.",
    "error.other.title": "Не получилось",
    "error.other.text": "Сервер не смог ответить на запрос. Попробуйте ещё раз чуть позже.",
    "error.home": "На главную",
  },
};

/**
 * The phrases of the broadcaster's page alone, in the form of shared/strings.js.
 */

import { START_STRINGS } from "../shared/strings_start.js";

/** @type {import("../shared/strings.js").Phrases} */
export const BROADCAST_STRINGS = {
  en: {
    ...START_STRINGS.en,
    "broadcast.title": "Broadcast from this browser",
    "broadcast.lead": "Your microphone, or the sound of a tab, live to everyone with the link. Nothing to install.",
    "broadcast.elsewhere": "Broadcast with a program instead",
    "broadcast.sound": "Sound",
    "broadcast.microphone": "Microphone",
    "broadcast.tab": "Sound of a tab",
    "broadcast.device": "Microphone",
    "broadcast.device.number": "Microphone {number}",
    "broadcast.gain": "Gain",
    "broadcast.gain.mute": "muted",
    "broadcast.gain.db": "{db} dB",
    "broadcast.start": "Go live",
    "broadcast.end": "End the broadcast",
    "broadcast.end.no": "Stay on air",
    "broadcast.again": "Go live again",
    "broadcast.new": "Start as a new broadcast",
    "broadcast.resume": "“{title}”: the link stays the same.",
    "broadcast.control": "Your control page",
    "broadcast.control.hint": "Bookmark it, or open it on another device, to come back to the same link.",

    "broadcast.show": "During the show",

    "preset": "What the browser does to it",
    "preset.voice": "Voice",
    "preset.music": "Music",
    "preset.voice.more": "Takes out echo and noise, and evens the level. Music suffers from it.",
    "preset.music.more": "Nothing: it sounds as it is. Wear headphones when you listen to yourself.",

    "level.name": "Level",
    "level.db": "{db} dB",
    "level.loud": "Overload",
    "level.silent": "Nothing is heard",
    "loudness.name": "Loudness",
    "loudness.words": "{word}, {lufs} LUFS",
    "loudness.silent": "–",
    "loudness.quiet": "Too quiet",
    "loudness.good": "Good",
    "loudness.loud": "Too loud",
    "loudness.numbers": "Now {now}, last 3 s {last} LUFS.",
    "loudness.numbers.show": "Now {now}, last 3 s {last}, whole show {show} LUFS.",
    "limiter.works": "The limiter takes {db} dB off.",

    "air.waiting": "Not on air yet: waiting for the server…",
    "air.waiting.more": "This changes by itself as soon as your sound arrives there.",
    "air.live": "You are on air",
    "air.held": "Your sound does not arrive: listeners hear silence",
    "air.held.more": "Your listeners wait. Keep this page open.",
    "air.ended": "Not on air: the broadcast has ended",
    "air.ended.more": "",
    "air.unknown": "No answer from the server: it is unknown whether you are on air",
    "air.unknown.more": "Trying again. Look at your network.",
    "air.delay":
      "This browser sends {ms} ms of sound at a time, and everyone hears you that much later. Others are quicker.",

    "note.standby": "Another source is heard. You are standing by, and are heard when it is away.",
    "note.lost": "Connection lost. Connecting again, under the same link…",
    "note.slow": "Your network is slower than the sound: parts of it are left out.",
    "note.gone": "The sound has ended: listeners hear silence. Choose a microphone or a tab.",
    "note.mute": "You are muted: listeners hear silence.",
    "note.silent": "Nothing is heard from you. Is the microphone muted, or is it another one?",

    "over.taken_over": "Someone with the same key broadcasts under this link now.",
    "over.bad_key": "The server does not know this broadcast any more. Start a new one.",
    "over.broadcast_ended": "It was ended from your control page. You can come back to the same link.",
    "over.stream_ended": "This broadcast was ended for good. Start a new one.",
    "over.other": "The server has ended this broadcast ({code}).",

    "trouble.refused":
      "The browser or you did not allow it. Allow the microphone for this page, next to its address, and try again.",
    "trouble.missing": "There is no microphone. Connect one and try again.",
    "trouble.busy": "The microphone cannot be opened: another program may have it.",
    "trouble.nothing": "Nothing with sound was shared. Choose a tab, and tick “share audio” in the browser’s dialog.",
    "trouble.other": "That did not work: {message}",

    "barrier.insecure": "This address is not secure",
    "barrier.insecure.text":
      "Browsers give the microphone only to pages over HTTPS, or on the computer itself (localhost). Open this page over HTTPS; whoever runs the server can set that up.",
    "barrier.encoder": "This browser cannot broadcast",
    "barrier.encoder.text":
      "It has no encoder for Opus. Chrome, Edge and Firefox have one on computers and on Android, Safari from version 26.",
  },

  ru: {
    ...START_STRINGS.ru,
    "broadcast.title": "Эфир прямо из браузера",
    "broadcast.lead": "Ваш микрофон или звук вкладки — всем, у кого есть ссылка. Устанавливать ничего не нужно.",
    "broadcast.elsewhere": "Вещать другой программой",
    "broadcast.sound": "Звук",
    "broadcast.microphone": "Микрофон",
    "broadcast.tab": "Звук вкладки",
    "broadcast.device": "Микрофон",
    "broadcast.device.number": "Микрофон {number}",
    "broadcast.gain": "Усиление",
    "broadcast.gain.mute": "без звука",
    "broadcast.gain.db": "{db} дБ",
    "broadcast.start": "В эфир",
    "broadcast.end": "Завершить эфир",
    "broadcast.end.no": "Остаться в эфире",
    "broadcast.again": "Снова в эфир",
    "broadcast.new": "Начать новый эфир",
    "broadcast.resume": "«{title}»: ссылка останется прежней.",
    "broadcast.control": "Ваша страница управления",
    "broadcast.control.hint":
      "Добавьте её в закладки или откройте на другом устройстве, чтобы вернуться к той же ссылке.",

    "broadcast.show": "Во время эфира",

    "preset": "Что браузер делает со звуком",
    "preset.voice": "Голос",
    "preset.music": "Музыка",
    "preset.voice.more": "Убирает эхо и шум, выравнивает громкость. Музыке это вредит.",
    "preset.music.more": "Ничего: всё звучит как есть. Если слушаете себя, наденьте наушники.",

    "level.name": "Уровень",
    "level.db": "{db} дБ",
    "level.loud": "Перегрузка",
    "level.silent": "Ничего не слышно",
    "loudness.name": "Громкость",
    "loudness.words": "{word}, {lufs} LUFS",
    "loudness.silent": "–",
    "loudness.quiet": "Слишком тихо",
    "loudness.good": "Хорошо",
    "loudness.loud": "Слишком громко",
    "loudness.numbers": "Сейчас {now}, за 3 с {last} LUFS.",
    "loudness.numbers.show": "Сейчас {now}, за 3 с {last}, за весь эфир {show} LUFS.",
    "limiter.works": "Лимитер убирает {db} дБ.",

    "air.waiting": "Вы ещё не в эфире: ждём сервер…",
    "air.waiting.more": "Здесь всё изменится само, как только звук дойдёт до сервера.",
    "air.live": "Вы в эфире",
    "air.held": "Ваш звук не доходит: слушатели слышат тишину",
    "air.held.more": "Слушатели ждут. Не закрывайте страницу.",
    "air.ended": "Вы не в эфире: эфир завершён",
    "air.ended.more": "",
    "air.unknown": "Сервер не отвечает: неизвестно, в эфире ли вы",
    "air.unknown.more": "Пробуем ещё раз. Проверьте сеть.",
    "air.delay":
      "Этот браузер отправляет звук порциями по {ms} мс, и все слышат вас на столько же позже. Другие браузеры быстрее.",

    "note.standby": "В эфире другой источник. Вы в резерве: вас услышат, когда он пропадёт.",
    "note.lost": "Связь прервалась. Подключаемся снова, ссылка та же…",
    "note.slow": "Сеть медленнее звука: часть его пропадает.",
    "note.gone": "Звук закончился: слушатели слышат тишину. Выберите микрофон или вкладку.",
    "note.mute": "Звук выключен: слушатели слышат тишину.",
    "note.silent": "Вас не слышно. Может быть, микрофон выключен или выбран не тот?",

    "over.taken_over": "По этой ссылке теперь вещает кто-то с тем же ключом.",
    "over.bad_key": "Сервер больше не знает этот эфир. Начните новый.",
    "over.broadcast_ended": "Эфир завершён с вашей страницы управления. К той же ссылке можно вернуться.",
    "over.stream_ended": "Этот эфир завершён окончательно. Начните новый.",
    "over.other": "Сервер завершил этот эфир ({code}).",

    "trouble.refused":
      "Доступ не разрешён. Разрешите этой странице микрофон — рядом с её адресом — и попробуйте ещё раз.",
    "trouble.missing": "Микрофона нет. Подключите его и попробуйте ещё раз.",
    "trouble.busy": "Микрофон не открывается: возможно, он занят другой программой.",
    "trouble.nothing": "В том, что вы показали, нет звука. Выберите вкладку и отметьте в окне браузера передачу звука.",
    "trouble.other": "Не получилось: {message}",

    "barrier.insecure": "Это небезопасный адрес",
    "barrier.insecure.text":
      "Браузеры дают микрофон только страницам по HTTPS или на самом компьютере (localhost). Откройте эту страницу по HTTPS; его может настроить тот, кто держит сервер.",
    "barrier.encoder": "Этот браузер не умеет вещать",
    "barrier.encoder.text":
      "В нём нет кодировщика Opus. Он есть в Chrome, Edge и Firefox на компьютере и на Android, в Safari — с версии 26.",
  },
};

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
    "home.live.none": "Nobody is on air right now. You could be the first.",
    "home.live.lost": "The list is out of reach. Trying again…",
    "home.broadcast": "Start a broadcast",
    "home.create": "Get a link and a key",
    "home.creating": "One moment…",
    "home.browser": "Nothing to install, and no commands:",
    "home.browser.link": "broadcast from this browser",
    "home.another": "Start another one",
    "home.ready": "Your broadcast is ready",
    "home.key": "Broadcast key, for you alone",
    "home.key.hint": "Shown only once. Keep it: with it you can come back to the same link.",
    "home.copy.key": "Copy the broadcast key",
    "home.copy.command": "Copy the command",
    "home.command": "Now send the sound",
    "home.command.from": "Send from",
    "home.command.secret": "The command holds your key: do not show it on screen or in a video.",
    "home.source.linux": "Microphone, Linux",
    "home.source.macos": "Microphone, macOS",
    "home.source.windows": "Microphone, Windows",
    "home.source.file": "Music file",
    "home.source.curl": "Ready .opus file, curl",
    "home.source.icecast": "Icecast program (butt, Mixxx, Liquidsoap, OBS…)",
    "home.about.linux": "Records the default PulseAudio or PipeWire input.",
    "home.about.macos":
      '“:0” is the first microphone. ffmpeg -f avfoundation -list_devices true -i "" names the others.',
    "home.about.windows":
      "Put the name of your microphone in place of Microphone. ffmpeg -list_devices true -f dshow -i dummy names them.",
    "home.about.file": "-re sends the file at the speed of real time.",
    "home.about.curl": "The sound goes out as it is, not encoded again: ffmpeg keeps the time, curl sends.",
    "home.about.icecast": "Enter this in the program. Server type: Icecast 2. Format: Ogg Opus.",
    "home.access.host": "Server",
    "home.access.port": "Port",
    "home.access.mount": "Mount",
    "home.access.user": "User name",
    "home.access.password": "Password",
    "home.access.tls": "Turn TLS on in the program: this address is HTTPS.",
    "home.access.proxy":
      "Behind an HTTP proxy such programs need a port that leads to the server itself. Ask whoever runs the server which one it is.",
    "home.access.ffmpeg": "Or the same from FFmpeg:",
    "home.about.page":
      "-page_duration 20000 sends the sound every 20 ms; without it FFmpeg gathers a whole second first, and everyone hears you a second later.",

    "air.waiting": "Not on air yet: waiting for your sound…",
    "air.waiting.more": "This changes by itself as soon as your sound arrives.",
    "air.live": "You are on air",
    "air.held": "Your sound is lost: listeners hear silence",
    "air.held.more":
      "The encoder has stopped or lost the network. Start it again with the same key: your listeners wait.",
    "air.ended": "Not on air: the broadcast has ended",
    "air.ended.more": "Send the sound again with the same key, and you are back at the same link.",
    "air.unknown": "No answer from the server: it is unknown whether you are on air",
    "air.unknown.more": "Trying again. Look at your network and at what the encoder says.",
    "air.delay":
      "Your encoder sends {ms} ms of sound at a time, and everyone hears you that much later. Make it send sooner:",
  },

  ru: {
    ...START_STRINGS.ru,
    "home.title": "Прямой эфир для всех, у кого есть ссылка",
    "home.lead":
      "Отправьте один поток Opus — и его услышат в браузере или плеере через мгновение. Устанавливать ничего не нужно.",
    "home.live": "Сейчас в эфире",
    "home.live.none": "Сейчас в эфире никого. Вы можете быть первым.",
    "home.live.lost": "Список недоступен. Пробуем ещё раз…",
    "home.broadcast": "Начать эфир",
    "home.create": "Получить ссылку и ключ",
    "home.creating": "Секунду…",
    "home.browser": "Без программ и команд:",
    "home.browser.link": "эфир прямо из браузера",
    "home.another": "Начать ещё один",
    "home.ready": "Эфир готов к началу",
    "home.key": "Ключ эфира, только для вас",
    "home.key.hint": "Показан один раз. Сохраните его: с ним можно вернуться в эфир по той же ссылке.",
    "home.copy.key": "Копировать ключ эфира",
    "home.copy.command": "Копировать команду",
    "home.command": "Теперь отправьте звук",
    "home.command.from": "Источник",
    "home.command.secret": "В команде ваш ключ: не показывайте её на экране и в записи.",
    "home.source.linux": "Микрофон, Linux",
    "home.source.macos": "Микрофон, macOS",
    "home.source.windows": "Микрофон, Windows",
    "home.source.file": "Музыкальный файл",
    "home.source.curl": "Готовый .opus, curl",
    "home.source.icecast": "Программа Icecast (butt, Mixxx, Liquidsoap, OBS…)",
    "home.about.linux": "Пишет с входа PulseAudio или PipeWire по умолчанию.",
    "home.about.macos": '«:0» — первый микрофон. Остальные покажет ffmpeg -f avfoundation -list_devices true -i "".',
    "home.about.windows":
      "Вместо Microphone впишите название своего микрофона. Его покажет ffmpeg -list_devices true -f dshow -i dummy.",
    "home.about.file": "-re отправляет файл со скоростью реального времени.",
    "home.about.curl": "Звук уходит как есть, без перекодирования: ffmpeg держит темп, curl отправляет.",
    "home.about.icecast": "Введите это в программе. Тип сервера: Icecast 2. Формат: Ogg Opus.",
    "home.access.host": "Сервер",
    "home.access.port": "Порт",
    "home.access.mount": "Точка монтирования",
    "home.access.user": "Пользователь",
    "home.access.password": "Пароль",
    "home.access.tls": "Включите в программе TLS: это адрес HTTPS.",
    "home.access.proxy":
      "Если сервер стоит за HTTP-прокси, таким программам нужен порт, который ведёт прямо к серверу. Спросите о нём того, кто держит сервер.",
    "home.access.ffmpeg": "Или то же самое из FFmpeg:",
    "home.about.page":
      "-page_duration 20000 отправляет звук каждые 20 мс; без него FFmpeg сначала копит целую секунду, и все слышат вас на секунду позже.",

    "air.waiting": "Вы ещё не в эфире: ждём ваш звук…",
    "air.waiting.more": "Здесь всё изменится само, как только звук дойдёт до сервера.",
    "air.live": "Вы в эфире",
    "air.held": "Ваш звук пропал: слушатели слышат тишину",
    "air.held.more": "Кодировщик остановился или потерял связь. Запустите его снова с тем же ключом: слушатели ждут.",
    "air.ended": "Вы не в эфире: эфир завершён",
    "air.ended.more": "Отправьте звук снова с тем же ключом — и вернётесь в эфир по той же ссылке.",
    "air.unknown": "Сервер не отвечает: неизвестно, в эфире ли вы",
    "air.unknown.more": "Пробуем ещё раз. Проверьте сеть и посмотрите, что пишет кодировщик.",
    "air.delay":
      "Ваш кодировщик отправляет звук порциями по {ms} мс, и все слышат вас на столько же позже. Чтобы он отправлял чаще, добавьте:",
  },
};

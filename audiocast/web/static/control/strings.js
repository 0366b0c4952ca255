/**
 * The phrases of the control page alone, in the form of shared/strings.js.
 */

import { START_STRINGS } from "../shared/strings_start.js";

/** @type {import("../shared/strings.js").Phrases} */
export const CONTROL_STRINGS = {
  en: {
    ...START_STRINGS.en,
    "control.none": "This page needs the broadcast’s key",
    "control.none.text": "Open it from “Your broadcasts” on the start page, or enter the key that came with the link.",
    "control.open": "Open",
    "control.head.waiting": "“{title}” is ready",
    "control.head.live": "“{title}” is on air",
    "control.head.held": "“{title}” has lost its sound",
    "control.head.ended": "“{title}” is over",
    "control.head.unknown": "“{title}”",
    "control.bad": "This is not the key of this broadcast.",
    "control.here": "Broadcast from this browser",
    "control.show": "During the show",
    "control.program": "From a program",
    "control.link": "This page, for you alone",
    "control.link.hint":
      "Bookmark it, or open it on another device: the key is in its address. Whoever has it can broadcast under your link.",
    "control.link.copy": "Copy the address of this page",
    "control.end": "End the broadcast",
    "control.close": "End it for good",
    "control.close.sure": "End it for good? Nobody can broadcast with this key any more, you included.",
    "control.trouble": "That did not work: {message}",
    "control.unkept": "This browser keeps nothing: copy the key or the address of this page before you leave.",

    "about.save": "Save",
    "about.save.done": "Saved",
    "about.draw": "Without a picture",

    "send.key": "Broadcast key, for you alone",
    "send.key.hint": "Programs ask for it. With it you can come back to the same link.",
    "send.key.show": "Show key",
    "send.key.hide": "Hide key",
    "send.copy.key": "Copy the broadcast key",
    "send.copy.command": "Copy the command",
    "send.command": "The command, with your key",
    "send.command.from": "Send from",
    "send.command.secret": "The command holds your key: do not show it on screen or in a video.",
    "send.source.linux": "Linux",
    "send.source.macos": "macOS",
    "send.source.windows": "Windows",
    "send.source.file": "Music file",
    "send.source.curl": ".opus file",
    "send.source.icecast": "Icecast program",
    "send.about.linux": "FFmpeg records the default PulseAudio or PipeWire input.",
    "send.about.macos":
      'FFmpeg records a microphone, “:0” the first one. ffmpeg -f avfoundation -list_devices true -i "" names the others.',
    "send.about.windows":
      "FFmpeg records a microphone: put the name of your microphone in place of Microphone. ffmpeg -list_devices true -f dshow -i dummy names them.",
    "send.about.file": "FFmpeg plays a file; -re sends it at the speed of real time.",
    "send.about.curl": "The sound goes out as it is, not encoded again: ffmpeg keeps the time, curl sends.",
    "send.about.icecast":
      "Enter this in butt, Mixxx, OBS, Liquidsoap or another one. Server type: Icecast 2. Format: Ogg Opus.",
    "send.access.host": "Server",
    "send.access.port": "Port",
    "send.access.mount": "Mount",
    "send.access.user": "User name",
    "send.access.password": "Password",
    "send.access.tls": "Turn TLS on in the program: this address is HTTPS.",
    "send.access.proxy":
      "Behind an HTTP proxy such programs need a port that leads to the server itself. Ask whoever runs the server which one it is.",
    "send.access.ffmpeg": "Or the same from FFmpeg:",
    "send.about.page":
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
    "control.none": "Этой странице нужен ключ эфира",
    "control.none.text":
      "Откройте её из списка «Ваши эфиры» на главной странице или введите ключ, полученный вместе со ссылкой.",
    "control.open": "Открыть",
    "control.head.waiting": "«{title}»: всё готово",
    "control.head.live": "«{title}» в эфире",
    "control.head.held": "«{title}»: звук пропал",
    "control.head.ended": "«{title}»: эфир завершён",
    "control.head.unknown": "«{title}»",
    "control.bad": "Это ключ не от этого эфира.",
    "control.here": "Эфир прямо из браузера",
    "control.show": "Во время эфира",
    "control.program": "Из программы",
    "control.link": "Эта страница, только для вас",
    "control.link.hint":
      "Добавьте её в закладки или откройте на другом устройстве: ключ в её адресе. У кого он есть, тот может вещать по вашей ссылке.",
    "control.link.copy": "Копировать адрес этой страницы",
    "control.end": "Завершить эфир",
    "control.close": "Завершить навсегда",
    "control.close.sure": "Завершить навсегда? С этим ключом больше никто не сможет вещать, и вы тоже.",
    "control.trouble": "Не получилось: {message}",
    "control.unkept": "Этот браузер ничего не хранит: скопируйте ключ или адрес этой страницы, прежде чем уйти.",

    "about.save": "Сохранить",
    "about.save.done": "Сохранено",
    "about.draw": "Без картинки",

    "send.key": "Ключ эфира, только для вас",
    "send.key.hint": "Его просят программы. С ним можно вернуться в эфир по той же ссылке.",
    "send.key.show": "Показать ключ",
    "send.key.hide": "Скрыть ключ",
    "send.copy.key": "Копировать ключ эфира",
    "send.copy.command": "Копировать команду",
    "send.command": "Команда с вашим ключом",
    "send.command.from": "Источник",
    "send.command.secret": "В команде ваш ключ: не показывайте её на экране и в записи.",
    "send.source.linux": "Linux",
    "send.source.macos": "macOS",
    "send.source.windows": "Windows",
    "send.source.file": "Музыкальный файл",
    "send.source.curl": "Файл .opus",
    "send.source.icecast": "Программа Icecast",
    "send.about.linux": "FFmpeg пишет с входа PulseAudio или PipeWire по умолчанию.",
    "send.about.macos":
      'FFmpeg пишет с микрофона, «:0» — первый. Остальные покажет ffmpeg -f avfoundation -list_devices true -i "".',
    "send.about.windows":
      "FFmpeg пишет с микрофона: вместо Microphone впишите название своего микрофона. Его покажет ffmpeg -list_devices true -f dshow -i dummy.",
    "send.about.file": "FFmpeg играет файл; -re отправляет его со скоростью реального времени.",
    "send.about.curl": "Звук уходит как есть, без перекодирования: ffmpeg держит темп, curl отправляет.",
    "send.about.icecast":
      "Введите это в butt, Mixxx, OBS, Liquidsoap или другой программе. Тип сервера: Icecast 2. Формат: Ogg Opus.",
    "send.access.host": "Сервер",
    "send.access.port": "Порт",
    "send.access.mount": "Точка монтирования",
    "send.access.user": "Пользователь",
    "send.access.password": "Пароль",
    "send.access.tls": "Включите в программе TLS: это адрес HTTPS.",
    "send.access.proxy":
      "Если сервер стоит за HTTP-прокси, таким программам нужен порт, который ведёт прямо к серверу. Спросите о нём того, кто держит сервер.",
    "send.access.ffmpeg": "Или то же самое из FFmpeg:",
    "send.about.page":
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

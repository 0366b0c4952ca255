/**
 * The words of the start page alone, apart so that listeners need not load them. Same form as strings.js.
 */

/** @type {import("./strings.js").Phrases} */
export const HOME_STRINGS = {
  en: {
    "home.title": "Live audio for everyone with the link",
    "home.lead":
      "Send one Opus stream. Anyone can listen in a browser or a player, a few seconds later, with nothing to install.",
    "home.live": "On air now",
    "home.live.none": "Nobody is on air right now. You could be the first.",
    "home.live.lost": "The list is out of reach. Trying again…",
    "home.broadcast": "Start a broadcast",
    "home.name": "Title",
    "home.name.hint": "optional, listeners see it",
    "home.token": "Access token",
    "home.token.hint": "this server asks for one before a broadcast",
    "home.create": "Get a link and a key",
    "home.creating": "One moment…",
    "home.another": "Start another one",
    "home.ready": "Your broadcast is ready",
    "home.link": "Listen link, for everyone",
    "home.open": "Open",
    "home.key": "Broadcast key, for you alone",
    "home.key.hint": "Shown only once. Keep it: with it you can come back to the same link.",
    "home.copy": "Copy",
    "home.copy.link": "Copy the listen link",
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
    "home.about.linux": "Records the default PulseAudio or PipeWire input.",
    "home.about.macos":
      "“:0” is the first microphone. ffmpeg -f avfoundation -list_devices true -i \"\" names the others.",
    "home.about.windows":
      "Put the name of your microphone in place of Microphone. ffmpeg -list_devices true -f dshow -i dummy names them.",
    "home.about.file": "-re sends the file at the speed of real time.",
    "home.about.curl":
      "--limit-rate is the file's bitrate in bytes a second (12k is 96 kbit/s). ffmpeg with -re keeps time better.",
    "home.about.page":
      "-page_duration 20000 sends the sound every 20 ms; without it FFmpeg gathers a whole second first, and everyone hears you a second later.",
    "home.error.token": "The server did not accept this token.",
    "home.error.token.missing": "This server asks for an access token.",
    "home.error.network": "The server does not answer. Check the network and try again.",
    "home.error.other": "The server refused: {message}",
  },

  ru: {
    "home.title": "Прямой эфир для всех, у кого есть ссылка",
    "home.lead":
      "Отправьте один поток Opus — и его услышат в браузере или плеере через несколько секунд. Устанавливать ничего не нужно.",
    "home.live": "Сейчас в эфире",
    "home.live.none": "Сейчас в эфире никого. Вы можете быть первым.",
    "home.live.lost": "Список недоступен. Пробуем ещё раз…",
    "home.broadcast": "Начать эфир",
    "home.name": "Название",
    "home.name.hint": "необязательно, его увидят слушатели",
    "home.token": "Токен доступа",
    "home.token.hint": "этот сервер просит его перед эфиром",
    "home.create": "Получить ссылку и ключ",
    "home.creating": "Секунду…",
    "home.another": "Начать ещё один",
    "home.ready": "Эфир готов к началу",
    "home.link": "Ссылка для слушателей",
    "home.open": "Открыть",
    "home.key": "Ключ эфира, только для вас",
    "home.key.hint": "Показан один раз. Сохраните его: с ним можно вернуться в эфир по той же ссылке.",
    "home.copy": "Копировать",
    "home.copy.link": "Копировать ссылку для слушателей",
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
    "home.about.linux": "Пишет с входа PulseAudio или PipeWire по умолчанию.",
    "home.about.macos":
      "«:0» — первый микрофон. Остальные покажет ffmpeg -f avfoundation -list_devices true -i \"\".",
    "home.about.windows":
      "Вместо Microphone впишите название своего микрофона. Его покажет ffmpeg -list_devices true -f dshow -i dummy.",
    "home.about.file": "-re отправляет файл со скоростью реального времени.",
    "home.about.curl":
      "--limit-rate — битрейт файла в байтах в секунду (12k — это 96 кбит/с). ffmpeg с -re держит темп точнее.",
    "home.about.page":
      "-page_duration 20000 отправляет звук каждые 20 мс; без него FFmpeg сначала копит целую секунду, и все слышат вас на секунду позже.",
    "home.error.token": "Сервер не принял этот токен.",
    "home.error.token.missing": "Этому серверу нужен токен доступа.",
    "home.error.network": "Сервер не отвечает. Проверьте сеть и попробуйте ещё раз.",
    "home.error.other": "Сервер отказал: {message}",
  },
};

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
    "start.id": "Lasting address",
    "start.id.hint": "optional: letters, digits, - and _; the link is the same every time",
    "start.public": "Show on this server’s front page",

    "link.listen": "Listen link, for everyone",
    "link.copy": "Copy the listen link",
    "link.open": "Open",
    "link.local": "For devices in the same network as this computer.",
    "link.here":
      "For this computer alone: the server has found no address in a network. Open this page by its name or address.",

    "own": "Your broadcasts",
    "own.hint": "Kept in this browser, with their keys.",
    "own.live": "Go live",
    "own.forget": "Forget",
    "own.forget.named": "Forget “{title}”",
    "own.forget.sure": "Forget “{title}”? Without its key nobody can come back to this link.",

    "trouble.network": "The server does not answer. Check the network and try again.",
    "trouble.server": "The server refused: {message}",
    "trouble.token": "The server did not accept this token.",
    "trouble.token.missing": "This server asks for an access token.",

    "air.muted": "You are on air, muted",
    "air.peak": "at most {count}",
    "air.recap": "It was on for {time}. Most listeners at once: {count}.",
    "show.mute": "Mute",
    "show.unmute": "Unmute",
    "show.mute.hint": "Listeners hear silence, and read “Back in a moment”.",
    "show.playing.title": "Now playing",
    "show.artist": "Artist",
    "show.track": "Track",
    "show.playing": "Show to listeners",
    "show.playing.done": "Shown",
    "show.title": "Title, for listeners and in your list",
    "show.name": "Rename",
    "show.name.done": "Renamed",
    "show.end.sure": "End the broadcast for all listeners? You can come back to the same link.",

    "refusal": "The server has refused an encoder with your key: {message}.",
    "refusal.not_ogg_opus":
      "Choose Ogg Opus in the encoder. With FFmpeg: -c:a libopus -f ogg. Programs that know MP3 or AAC alone can be read by FFmpeg, and sent on.",
    "refusal.multiplexed": "Send sound alone, without pictures. With FFmpeg: -vn.",
    "refusal.too_fast": "Send in real time. With FFmpeg and a file, add -re before -i.",
    "refusal.too_damaged":
      "Most of what the encoder sends is damaged. Look at its version and settings, or try another one.",
    "refusal.no_audio": "The encoder has connected and sent no sound. Look at its input.",
    "refusal.stream_ended": "This broadcast was ended for good. Start another one.",
    "refusal.stream_suspended": "Whoever runs this server has suspended the broadcast. Ask them.",
    "refusal.taken_over": "A second encoder sends with the same key, and the newest one wins.",
  },
  ru: {
    "start.title": "Название",
    "start.title.hint": "необязательно, его увидят слушатели",
    "start.token": "Токен доступа",
    "start.token.hint": "этот сервер просит его перед эфиром",
    "start.id": "Постоянный адрес",
    "start.id.hint": "необязательно: латинские буквы, цифры, - и _; ссылка каждый раз та же",
    "start.public": "Показать на главной странице сервера",

    "link.listen": "Ссылка для слушателей",
    "link.copy": "Копировать ссылку для слушателей",
    "link.open": "Открыть",
    "link.local": "Для устройств в одной сети с этим компьютером.",
    "link.here":
      "Только для этого компьютера: сервер не нашёл адреса в сети. Откройте эту страницу по имени или адресу сервера.",

    "own": "Ваши эфиры",
    "own.hint": "Хранятся в этом браузере вместе с ключами.",
    "own.live": "В эфир",
    "own.forget": "Забыть",
    "own.forget.named": "Забыть «{title}»",
    "own.forget.sure": "Забыть «{title}»? Без ключа к этой ссылке не вернуться.",

    "trouble.network": "Сервер не отвечает. Проверьте сеть и попробуйте ещё раз.",
    "trouble.server": "Сервер отказал: {message}",
    "trouble.token": "Сервер не принял этот токен.",
    "trouble.token.missing": "Этому серверу нужен токен доступа.",

    "air.muted": "Вы в эфире без звука",
    "air.peak": "больше всего: {count}",
    "air.recap": "Эфир шёл {time}. Больше всего слушателей сразу: {count}.",
    "show.mute": "Выключить звук",
    "show.unmute": "Включить звук",
    "show.mute.hint": "Слушатели слышат тишину и видят: «Скоро вернёмся».",
    "show.playing.title": "Сейчас играет",
    "show.artist": "Исполнитель",
    "show.track": "Трек",
    "show.playing": "Показать слушателям",
    "show.playing.done": "Показано",
    "show.title": "Название, для слушателей и в вашем списке",
    "show.name": "Переименовать",
    "show.name.done": "Переименовано",
    "show.end.sure": "Завершить эфир для всех слушателей? К той же ссылке можно вернуться.",

    "refusal": "Сервер отказал кодировщику с вашим ключом: {message}.",
    "refusal.not_ogg_opus":
      "Выберите в кодировщике Ogg Opus. В FFmpeg: -c:a libopus -f ogg. Если программа умеет только MP3 или AAC, её звук может прочитать и передать дальше FFmpeg.",
    "refusal.multiplexed": "Передавайте только звук, без изображения. В FFmpeg: -vn.",
    "refusal.too_fast": "Передавайте в реальном времени. В FFmpeg для файла добавьте -re перед -i.",
    "refusal.too_damaged":
      "Почти всё, что передаёт кодировщик, повреждено. Проверьте его версию и настройки или попробуйте другой.",
    "refusal.no_audio": "Кодировщик подключился, но звука не передал. Проверьте, откуда он берёт звук.",
    "refusal.stream_ended": "Этот эфир завершён окончательно. Начните новый.",
    "refusal.stream_suspended": "Эфир приостановлен теми, кто ведёт этот сервер. Обратитесь к ним.",
    "refusal.taken_over": "С тем же ключом передаёт второй кодировщик; в эфире тот, кто подключился последним.",
  },
};

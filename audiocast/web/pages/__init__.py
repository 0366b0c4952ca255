"""Pages for people. `templates/` holds their HTML; their modules and styles are in `static/`.

- `assets`: styles, scripts and pictures
- `calendar_event`: when a broadcast is to begin, for calendars
- `content_policy`: what a page may load and do
- `cover`: covers of streams
- `drawings`: pictures that are drawn on request
- `embed`: the player in other people's pages, and oEmbed
- `embed_code`: the HTML that a visitor copies
- `first_words`: what the listener's page says before its script runs
- `home`: the start page
- `icon`: the icon as PNG
- `let_in`: how a visitor is let in to a private stream
- `listen`: the listener's page
- `modules`: which JavaScript modules a page names at once
- `openapi`: what the API promises, for programs
- `page`: what all pages have; the broadcaster's pages, the sound test, errors
- `qr`: QR codes of listen links
"""

"""Pages for people. `templates/` holds their HTML; their modules and styles are in `static/`.

- `embed`: the player in other people's pages, and oEmbed
- `embed_code`: the HTML that a visitor copies
- `icon`: the icon as PNG
- `modules`: which JavaScript modules a page names at once
- `pages`: the start page, the listener's page, QR codes
"""

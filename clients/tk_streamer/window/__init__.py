"""The broadcaster's window: all that imports tkinter, and nothing that touches a sound card or a socket.

- `app`: the command, and the only place that makes the root window
- `main_window`: puts the panels together; polls the broadcast and hands each panel what it shows
- `panels/`: the parts of the window: each shows values and calls back on clicks
- `form`: setting up, made of four panels
- `air`: on air, made of three panels
- `banner`: the state line
- `meter`: the level meter
- `qr_canvas`: a QR code on the screen
- `choice`: a list to choose one value from
- `dialog`: small windows that ask or inform, one at a time
- `menu_bar`: the menu
- `keyboard`: the keys, on Latin and Cyrillic layouts
- `theme`: colours, fonts, sizes, styles
- `captions`: which widget shows which phrase

Without Tk:

- `broadcast`: the window's broadcasts, one after the other
- `job_thread`: a thread for whatever may block; results come back by polling
- `presentation`: the status of a broadcast becomes words, a mark and colours: pure
- `preferences`: what the window remembers, and its files
- `qr`: a QR code as modules, and as a PNG file
- `words`: finds phrases; writes numbers and times
- `phrases`: the phrases in English and in Russian
- `russian_troubles`: the table of troubles in Russian

Tk's thread never blocks: `Station.status` and `JobThread.submit` return at once.
"""

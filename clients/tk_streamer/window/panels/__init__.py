"""The parts of the window: each shows values, calls back on clicks, and decides nothing.

- `server`: address, token, and the stream's title
- `sound`: input, channels, bitrate, frame, local copy
- `link`: the link for listeners: as text, as a page, as a QR code
- `level`: the meter, the clip mark, the figures
- `playing`: what is playing now
"""

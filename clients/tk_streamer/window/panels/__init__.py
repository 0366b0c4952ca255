"""The parts of the window: each shows values, calls back on clicks, and decides nothing.

- `level`: gain, figures, marks, and the meter
- `sound`: input, preset
- `show`: title, description, link, who finds the stream
- `server`: address, token
- `encoding`: channels, bitrate, frame, local copy
- `link`: the link for listeners: as text, as a page, as a QR code
- `playing`: title, and what is playing now
- `actions`: the foot of the window: language, settings, mute, and the large button
- `figures`: sent, dropped, listeners
- `audience`: the curve of the last day
"""

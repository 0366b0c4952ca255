"""HLS of one stream, as bytes and text: Opus packets to fragments of MP4, and the playlist that lists them.

No input, output, clock or log: who subscribes to a stream and waits for the next part is `stream.packager`.

- `boxes`: the few kinds of MP4 box that are needed
- `fragments`: the initialization section, and packets as a fragment
- `timeline`: packets to parts, parts to segments, and which of them there are
- `playlist`: the text that says so
"""

"""HLS of one stream, as bytes and text: Opus packets to fragments of MP4, and the playlist that lists them.

All modules but `muxer` do no input or output and know no clock or log.

- `muxer`: a stream as HLS, while it is asked for
- `boxes`: the few kinds of MP4 box that are needed
- `fragments`: the initialization section, and packets as a fragment
- `timeline`: packets to parts, parts to segments, and which of them there are
- `playlist`: the text that lists them
"""

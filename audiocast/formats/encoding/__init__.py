"""Streams in other formats, while somebody listens.

- `stream_format`: which formats there are
- `encodings`: all encodings of one node
- `encoding`: one stream in one format: a tap, a job of a format worker, listeners
- `frame_stream`: frames to listeners, as a bitstream has pages
- `titled_frames`: the same with titles inside (ICY metadata)
"""

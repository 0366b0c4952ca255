"""Ogg pages and Opus packets, without any input or output.

Everything here takes bytes and returns values, or raises an `OggError`. Nothing in this package knows of
sockets, clocks, event loops or logs, so that the server, the desktop broadcaster and the tests use the same
code.

- `errors`: the one tree of errors
- `crc`: the page checksum
- `page`: one page: fields, encoding, lacing
- `reader`: bytes to pages
- `packets`: pages to packets
- `headers`: OpusHead and OpusTags
- `opus`: durations of Opus packets
- `silence`: packets of digital silence of a wanted size
- `writer`: packets to pages
- `tags_sieve`: OpusTags of any size, made small while they come
- `sniff`: names for what is not Ogg Opus
"""

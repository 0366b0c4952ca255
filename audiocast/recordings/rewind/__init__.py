"""What is recorded of shows that are on, for listeners who go back. It knows the store alone, and no stream.

- `running_show`: the parts of a show so far, and where each is; pure
- `heads`: where a chunk belongs, from its first bytes; pure
- `part_bytes`: a part as Ogg Opus, and as a fragment of MP4; pure
- `event_playlist`: the parts as HLS; pure
- `show_pages`: the pages of a show's file, when its chunks are gone
- `byte_cache`: what was made last, once for all who ask
- `rewind`: all of it, from the store
"""

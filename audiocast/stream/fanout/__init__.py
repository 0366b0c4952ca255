"""Pages to the sockets of a stream's listeners.

- `fanout`: passes over the listeners of one logical bitstream
- `lane`: the listeners that have their passes together, and when the next one begins
- `leaving`: the last bytes of listeners that leave while their stream goes on
- `limits`: how listeners are served
- `listened_stream`: what a hub has for those that take its audio
- `listener`: one listener's place in the stream
"""

"""Pages to the sockets of a stream's listeners.

- `fanout`: passes over the listeners of one logical bitstream
- `listener`: one listener's place in the stream
"""

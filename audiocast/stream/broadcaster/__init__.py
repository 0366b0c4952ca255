"""What a broadcaster says and wants of a stream, beside its audio; `stream/hub` stands on it.

- `picture`: a picture from outside, checked and rewritten
- `given_covers`: the pictures that were given for covers
- `paced_value`: changes are passed on once a second, the newest of them
- `presentation`: description, accent colour and link
- `stream_edit`: another title; the sound muted
- `broadcast_record`: when a broadcast began, how many listened at most; the broadcast before
- `keyed_stream`: a stream as its keys and their broadcaster know it
"""

"""Recordings, as everybody gets them and their broadcaster changes them.

- `shows`: the shows of a stream, and the switch
- `show`: one show: its file, its index, its name, its end
- `rewind`: what is recorded of a show that is on, and its audio in parts
- `hls`: the same as HLS, from the show's beginning
- `store_errors`: what goes wrong with a store, as errors of the API
- `ranges`: parts of a file, as `Range` asks for them
"""

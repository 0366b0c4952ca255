"""Recordings, as everybody gets them and their broadcaster changes them.

- `shows`: the shows of a stream, and the switch
- `show`: one show: its file, its index, its name, its end
- `store_errors`: what goes wrong with a store, as errors of the API
- `ranges`: parts of a file, as `Range` asks for them
"""

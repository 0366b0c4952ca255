"""Records shows as they are heard, and keeps them as files. A server that records none loads nothing of it.

- `names`: ids of shows, and keys of the store's objects; pure
- `chunk`: some seconds of a show, as a file; pure
- `show_record`: what is known of a show; pure
- `recorder`: what listeners get of one stream becomes chunks
- `chunk_queue`: chunks on their way to the store
- `spool`: chunks that wait on the local disk
- `leftovers`: what a process before has left there
- `open_show`: which show a stream's chunks belong to
- `shows`: the shows of a store, for whoever asks
- `retention`: which of them are deleted
- `options`: what the settings say
- `service`: all of it, from the settings to the last chunk
- `rewind`: what is recorded of shows that are on, for listeners who go back
- `closing`: one file of a show's chunks, when the show is over
- `store`: a folder or a bucket
"""

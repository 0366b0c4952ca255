"""Other formats than Ogg Opus, made while somebody asks for them, in processes of their own.

The server never encodes, decodes or imports PyAV (the extra `formats`): all that is done by format workers.

- `protocol`: what the server and a format worker say to each other
- `worker`: what runs in a format worker
- `pool`: the format workers of one server, and their jobs
- `decoding`: sources in other formats to Opus packets, in a format worker
- `source_formats`: what a source sends, by its first bytes
- `conversions`: which formats of sources are taken, and how many sources
- `encoding`: streams in other formats, as one node has them
- `errors`: why a format cannot be had
"""

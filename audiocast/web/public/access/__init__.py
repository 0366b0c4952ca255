"""Listen tokens as broadcasters make them.

- `source_claims`: what a source may, by its key or because a program of the station's says so
- `further_keys`: keys of other sources of a stream
- `listen_links`: links to a private stream, made and revoked
"""

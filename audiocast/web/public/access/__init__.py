"""Listen tokens as broadcasters make them.

- `source_claims`: what a source may, by its key or because a program of the station's says so
- `listen_links`: links to a private stream, made and revoked
"""

"""Listen tokens as broadcasters make them.

- `listen_links`: links to a private stream, made and revoked
"""

"""`audiocast listen-link`: links to private streams, without a server.

- `command`: options in, links out
"""

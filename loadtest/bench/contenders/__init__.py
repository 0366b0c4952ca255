"""The servers that are compared: each is started on the server's core, and says where audio comes in and out.

They own their configuration: audiocast and Icecast have their defaults, but for limits that would end the
comparison and nothing else. They never measure.

- `contender`: what all of them have
- `audiocast`: audiocast, by itself and behind the proxies whose configurations `deploy/` has
- `icecast`: Icecast, plain and with its own TLS
- `floor`: a bare loop of `send` (`floor.c`), or of `SSL_write`
- `registry`: all of them, by name
"""

"""The servers that are compared: each is started on the server's core, and says where audio comes in and out.

They own their configuration: audiocast and Icecast have their defaults, but for limits that would end the
comparison and nothing else. They never measure.

- `contender`: what all of them have
- `audiocast`, `icecast`: the two servers
- `floor`: a bare loop of `send` (`floor.c`)
- `registry`: all of them, by name
"""

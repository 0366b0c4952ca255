"""What runs in a format worker: `python -m audiocast.formats.worker FD`. The server imports none of it.

The process gives up its rights, and does jobs until the server's end of the socket is closed.

- `confinement`: what the process gives up
- `loop`: messages in, jobs, messages out
- `jobs`: the types of jobs, and how to add one
- `encode_job`: Opus to another format
- `opus_decoder`: Opus packets to PCM
- `encoders`: PCM to frames of a format
"""

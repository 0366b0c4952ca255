"""The bodies of requests, read as they come.

- `body_reader`: one read whenever something is there, and no task for it
- `chunked_body`: the chunked transfer coding, decoded
"""

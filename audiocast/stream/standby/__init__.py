"""Sources that are connected and not heard, and the choice of the one that is.

- `rank`: which of two sources is heard
- `standby`: one source that stands by: its last audio, and how it comes
- `standbys`: those of one stream; says when the stream is handed over to which
"""

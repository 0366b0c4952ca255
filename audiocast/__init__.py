"""audiocast: live Ogg Opus over HTTP, from one process to a cluster."""

__version__ = "0.1.0"

"""What the public API promises, held against a real server."""

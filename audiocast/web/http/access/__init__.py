"""Who may have what, as a request shows it.

- `listen_gate`: whom a private stream is there for
"""

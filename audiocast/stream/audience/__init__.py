"""Who listens and who did, without a name: nothing here is done for a listener between its begin and its end.

- `listen`: one listen, from its begin to its end, and the record that is left of it
- `listen_end`: why a listen ended
- `departure`: when a listener whose connection is gone has left
"""

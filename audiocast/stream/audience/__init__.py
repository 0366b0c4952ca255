"""Who listens and who did, without a name: nothing here is done for a listener between its begin and its end.

- `listen`: one listen, from its begin to its end, and the record that is left of it
- `listen_end`: why a listen ended
- `departure`: when a listener whose connection is gone has left
- `audience`: the listens that are open at this member, by stream and way, and sums of all that were
- `stream_audience`: the same of one stream, and its last day
- `curve`: how many listened in each minute of a day
- `hls_sessions`: listens as HLS, of which only requests are seen
"""

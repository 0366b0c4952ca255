"""What can be seen of a running server: structured logs and Prometheus metrics.

- `audience_log`: a line for each ended listen, and all of a server that knows of its audience
- `audience_metrics`: how long was listened, and how listens ended
- `access_rules_metrics`: rules of who may use the public port
- `auth_hook_metrics`: metrics of the programs that are asked who may listen and broadcast
- `client_metrics`: requests over a budget of their client
- `cluster_metrics`: this member's part in the cluster
- `format_metrics`: other formats, and how busy what makes them is
- `log_queue`: the log's way out of the process, which never makes anybody wait
- `log_repeats`: how often one event is written in a second
- `logs`: structlog, for terminals and as JSON
- `loop_lag`: how late the event loop is
- `metrics`: streams, listeners and sources
- `recording_metrics`: what of recordings is written, waits and is lost
- `requests`: one log event and one count for each HTTP request
- `rules_metrics`: the rules of streams in a file
- `sums`: the metrics of several processes as those of one
- `tls_metrics`: handshakes, and the certificate in use
- `watched_file`: a file that may change while the server runs
- `webhook_metrics`: how webhooks end, and how many wait
"""

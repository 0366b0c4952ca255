"""What can be seen of a running server: structured logs and Prometheus metrics.

- `cluster_metrics`: this member's part in the cluster
- `logs`: structlog, for terminals and as JSON
- `loop_lag`: how late the event loop is
- `metrics`: streams, listeners and sources
- `requests`: one log event and one count for each HTTP request
- `sums`: the metrics of several processes as those of one
"""

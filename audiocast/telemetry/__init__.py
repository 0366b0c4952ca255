"""What can be seen of a running server: structured logs and Prometheus metrics."""

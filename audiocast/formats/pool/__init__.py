"""The format workers of one server, and their jobs.

- `format_workers`: starts them, divides jobs among them, starts them again
- `worker_process`: one of them, as the server sees it
- `format_job`: one job, and whose it is
"""

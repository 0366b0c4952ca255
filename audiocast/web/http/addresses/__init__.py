"""Addresses: whom a request comes from, and where this machine is found.

- `listener`: who listens, as the request says it
- `local_network`: this machine's address for devices nearby
- `trusted_proxies`: which peer is a proxy, and whom it names as its client
"""

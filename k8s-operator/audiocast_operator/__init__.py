"""The Kubernetes operator: rolls and scales audiocast without cutting listeners, and makes keys of Streams.

It shares no code with the server. What holds them together are the names of the server's settings, the
internal HTTP API and the format of keys; tests/operator/test_contract.py holds both to it.
"""

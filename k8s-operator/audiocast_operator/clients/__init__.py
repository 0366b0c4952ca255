"""The two HTTP APIs that the operator calls. No other package opens a connection.

kube      the Kubernetes API, through lightkube
watcher   its watches
members   the pods' internal port
"""

"""The Kubernetes operator: rolls and scales audiocast without cutting listeners, and makes keys of Streams.

It shares no code with the server. What holds them together are the names of the server's settings, the
internal HTTP API and the format of keys; tests/operator/test_contract.py holds both to it.

__main__    the command
app         the composition root
reconcile   one reconcile of an AudioCast and its Streams, and what calls it: watches and a timer
clients     the Kubernetes API and the pods' internal port
manifests   the objects that an AudioCast consists of; pure
decide      what to do next; pure
protocol    the formats that the server shares
models      the custom resources and their CRDs
errors      the tree of errors
logs        JSON lines
serving     HTTP of its own, on all addresses of the pod
probes      what the kubelet and Prometheus ask
metrics     what Prometheus reads
names       API group, labels, annotations, ports
settings    the only place that reads the environment
"""

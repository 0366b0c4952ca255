"""Where a member learns of the others: a list, DNS, or Kubernetes.

- `peers`: what `PEERS` says, as a stream of addresses
- `kubernetes_peers`: the pods of a Service, as the API server tells them
- `kubernetes_api`: lists and watches of the API server
- `endpoint_slices`: EndpointSlices to addresses
- `pod`: what a pod knows of itself
"""

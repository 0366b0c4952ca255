"""Where a member learns of the others: a list, DNS, or Kubernetes.

- `address_resolver`: hosts of addresses to socket addresses, in threads of its own
- `greeter`: which member is at an address
- `pod`: what a pod knows of itself
- `kubernetes_api`: lists and watches of the API server
- `endpoint_slices`: EndpointSlices to addresses; pure
- `kubernetes_peers`: the pods of a Service, as the API server reports them
- `peers_setting`: the forms of `PEERS`; addresses from a list and from DNS
"""

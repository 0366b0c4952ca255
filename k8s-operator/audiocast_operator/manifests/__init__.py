"""The Kubernetes objects that an AudioCast consists of: pure functions from a spec to a manifest.

statefulset   the StatefulSet and the PodDisruptionBudget
pod           the pod template, and the pods' account
network       Services, Ingress, HTTPRoute, NetworkPolicy
secrets       the Secrets that the operator writes and reads back
monitoring    the PodMonitor
listen_links  the links for listeners of a private stream, made and known again
webhooks      the Secret with the targets of Streams' webhooks, and what is read from others
urls          a stream's URLs for encoders, listeners and players
parts         parts of manifests, out of parts of a spec
owner         owner references
"""

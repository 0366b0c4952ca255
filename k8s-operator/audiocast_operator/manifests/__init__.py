"""The Kubernetes objects that an AudioCast consists of: pure functions from a spec to a manifest.

statefulset   the StatefulSet with its pod template, and the PodDisruptionBudget
network       Services, Ingress, NetworkPolicy
secrets       the Secrets that the operator writes and reads back
monitoring    the PodMonitor
urls          a stream's URLs for encoders, listeners and players
owner         owner references
"""

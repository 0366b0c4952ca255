"""The Kubernetes objects that an AudioCast consists of: pure functions from a spec to a manifest.

statefulset   the StatefulSet and its pod template
network       Services, Ingress, NetworkPolicy
secrets       the Secrets that the operator writes and reads back
upkeep        PodDisruptionBudget and PodMonitor
urls          a stream's URLs for encoders, listeners and players
owner         owner references
"""

"""The custom resources as pydantic models: the one source of the CRDs' fields, defaults and descriptions.

audio_cast   spec and status of an AudioCast
pod          what an AudioCast adds to its pods
network      the ways to the pods, and who may take them
monitoring   how Prometheus scrapes the pods
stream       spec and status of a Stream
webhooks     who is told what happens to a Stream
condition    a condition in a status
server_settings  what an AudioCast may set of the server
bounds       types of fields with their bounds
base         base classes, camelCase names, and marks for the schema
crd          builds both CustomResourceDefinitions from the models
"""

"""The custom resources as pydantic models: the one source of the CRDs' fields, defaults and descriptions.

audio_cast   spec and status of an AudioCast
stream       spec and status of a Stream
condition    a condition in a status
server_settings  what an AudioCast may set of the server
base         base classes, camelCase names, and marks for the schema
crd          builds both CustomResourceDefinitions from the models
"""

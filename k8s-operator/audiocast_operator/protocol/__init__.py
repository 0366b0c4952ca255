"""The formats that the operator shares with the server, written a second time; they share no code.

tests/operator/test_contract.py holds each of them to the server's own.

internal_api        the paths of the pods' internal port
member_status       what a pod reports about itself and its streams
request_signature   the signatures of requests to the pods' internal port, and of their answers
signed_claims       claims of a stream under a MAC
ingest_key          the key that an encoder sends
listen_token        what a link for listeners of a private stream has
webhook_targets     the file with targets of webhooks
access_code         what listeners of a private stream type
"""

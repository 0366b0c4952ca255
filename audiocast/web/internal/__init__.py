"""The internal port: health, metrics, and what members ask of each other.

- `health`: metrics, liveness, readiness, and the member's status for the operator
- `hls`: HLS for another member
- `members`: greetings, relays, forwards, and questions about streams
"""

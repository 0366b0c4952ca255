"""Who may listen, as all members have learned it together.

- `private_listening`: which streams are private, and which listen tokens are revoked
- `streams_elsewhere`: which streams other members have
"""

"""Who listens, between members.

- `audience_messages`: what members tell each other of a stream's audience, and all of it together
"""

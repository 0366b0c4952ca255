"""Pictures that broadcasters have given, between members.

- `cover_exchange`: tells others of a picture, and fetches it from the member that has it
- `cover_messages`: what members say to each other of it
"""

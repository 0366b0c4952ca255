"""The face of a stream: its cover.

- `art`: the cover that is drawn from a stream's id and title
- `colours`: colours as people see them
- `given`: a broadcaster gives a picture, or takes it back
- `urls`: where a stream's cover is, and its version
"""

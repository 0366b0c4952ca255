"""Makes one file of a show's chunks, when the show is over.

- `plan`: the order of the chunks; doubles, holes, titles; pure
- `show_file`: the file; pure
- `closer`: the steps, any of which may be the last one that a process takes
"""

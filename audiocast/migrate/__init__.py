"""`audiocast migrate icecast.xml`: what an Icecast server was told, as audiocast is told it.

- `command`: reads a configuration, writes files, returns the report
- `configuration`: what Icecast reads in its elements: which of several holds, mounts, passwords
- `counterparts`: for each element of Icecast's, what to do where audiocast has no setting like it
- `names`: ids of streams from mounts
- `output`: the files with settings, aliases and keys; the report
- `translation`: settings, aliases and notes from a configuration
- `xml_elements`: the elements of a file that may be hostile
"""

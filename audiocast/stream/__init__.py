"""Streams: what comes in from sources, and what goes out to listeners. No HTTP and no Ogg parsing of its own.

- `registry`: all streams of this node
- `hub`: one stream: its header pages, backlog, listeners, and what happens when a source comes or goes
- `source`: one connection that brings audio in
- `rate_limit`: how much faster than real time a source may be
- `muxer`: packets of any number of sources to the pages of one logical bitstream
- `backlog`: the last seconds of pages
- `fanout`: pages to the sockets of listeners
- `listener`: one listener's place in the stream
- `keys`: ingest keys
- `counters`: numbers that are read when somebody asks for metrics
- `clock`: what this package needs of an event loop
- `errors`: the one tree of errors
"""

"""Streams: what comes in from sources, and what goes out to listeners. No HTTP and no Ogg parsing of its own.

What comes in:

- `source`: one connection that brings audio in
- `source_sink`: where its audio goes
- `source_id`: the identity of a source, the same on every node
- `rate_limit`: what a source may send, and how much faster than real time
- `feed_scheduler`: the loop's time for what sources have sent
- `read_pacer`: reads sources that nobody hears live together, instead of each by itself
- `source_log`: the last pages of a source as they came, for other nodes
- `keys`: ingest keys
- `access`: who may do what with a stream, by texts that the server has signed

One stream:

- `registry`: all streams of this node
- `hub`: one stream: its source, bitstream and listeners, and what happens when a source comes or goes
- `hub_state`: how a hub behaves, what is shown of its stream, and the promises that outlive it
- `gap`: how a source's audio comes, and silence while it is away
- `now_playing`: title and artist, and the last tracks
- `standby`: sources that are connected and not heard, and the choice of the one that is
- `broadcaster`: what a broadcaster says and wants beside the audio: title, mute, which key is good
- `tap`: what takes packets as they are, and pages of sources as they are heard

What goes out:

- `bitstream`: one logical bitstream: muxer, backlog and fan-out together
- `muxer`: packets of any number of sources to the pages of one logical bitstream
- `backlog`: the last seconds of pages
- `fanout`: pages to the sockets of listeners: passes, lanes, listeners
- `admission`: whether one more listener fits
- `audience`: who listens and who did: listens from their begin to their end

For all of them:

- `counters`: numbers that are read when metrics are asked for
- `clock`: what this package needs of an event loop
- `errors`: the one tree of errors
"""

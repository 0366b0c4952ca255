"""Many nodes as one service, without a database: who owns a stream, who is there, how audio gets across.

- `errors`: what can go wrong between members
- `ring`: the order of members for a stream; pure
- `protocol`: paths, headers, codes and requests between members; pure
- `stream_requests`: the requests that open a connection with audio; pure
- `signature`: how a member knows that what it gets is another member's, and meant for it
- `greeting`: what members tell each other of themselves; pure
- `versioned_list`: lists of streams, and the copies that others keep; pure
- `peer_stream`: a connection that carries audio, in frames
- `peer_client`: requests to another member
- `discovery`: where members may be: a list, DNS, Kubernetes
- `member`: another member, as this one knows it
- `stream_lists`: the lists that members have of each other's streams
- `membership`: who is there
- `peers`: the other members as one stream's roles need them
- `page_sender`: sends a source's pages to another member
- `relay_receiver`: feeds a hub with pages from another member
- `ingest_relay`: the role front: sends a source that is connected here to its owner
- `edge`: the role edge: gets a stream for the listeners that are here from its owner
- `roles`: what this member is for one stream
- `node`: this member; what handlers ask
- `access`: who may listen, as all members have learned it together
- `covers`: pictures of streams, from and for other members
- `audience`: who listens, at all members together
- `drain`: leaving without being heard
- `stream_directory`: what all members know of a stream
- `hls_router`: which member makes a stream's HLS, and its answers
"""

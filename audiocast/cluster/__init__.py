"""Many nodes as one service, without a database: who owns a stream, who is there, how audio gets across.

- `ring`: pure: the order of members for a stream
- `discovery`: where members may be: a list, DNS, Kubernetes
- `address`: host and port in one text
- `greeting`: what members say of themselves
- `membership`: who is there
- `signature`: how members know each other
- `peer_client`: asking another member
- `peer_stream`: a connection that carries audio
- `locate`: who has a stream's source
- `ingest_relay`: sends a source that is connected here to its owner
- `edge`: gets a stream for the listeners that are here from its owner
- `relay_receiver`: feeds a hub from whichever connection brings its audio
- `page_sender`: sends a source's pages to another member
- `node`: the roles of this member, stream by stream
- `drain`: leaving without being heard
- `stream_directory`: what all members know of a stream
- `hls_router`: which member makes a stream's HLS, and its answers
- `errors`: why a member could not be asked
"""

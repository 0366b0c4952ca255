"""Many nodes as one service, without a database: who owns a stream, who is there, how audio gets across.

ring         pure: the order of members for a stream
discovery    where members may be; in Kubernetes: kubernetes_peers, kubernetes_api,
             endpoint_slices, pod
address      host and port in one text
greeting     what members say of themselves
membership   who is there
signature    how they know each other
dial, link   asking another member; a connection that carries audio
locate       who has a stream's source
front        sends a source that is connected here to its owner
edge         gets a stream for the listeners that are here from its owner
inlet        feeds a hub from whichever link brings its audio
node         the roles of this member, stream by stream
drain        leaving without being heard
answers      what all members know of a stream
packaging    which member makes a stream's HLS, and its answers
"""

"""Which streams other members have, as they told last."""

from audiocast.cluster.node import Node


def streams_elsewhere(node: Node, id_prefix: str) -> set[str]:
    """Return the ids of streams whose source another member has, less than a second old."""
    return {
        stream_id
        for member in node.membership.others
        for stream_id in member.owned_streams
        if stream_id.startswith(id_prefix)
    }

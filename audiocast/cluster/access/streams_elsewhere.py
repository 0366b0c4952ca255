"""Which streams other members have, as they told last, or are asked."""

from audiocast.cluster.errors import ClusterError
from audiocast.cluster.node import Node
from audiocast.cluster.peer_client import parse_answer
from audiocast.cluster.protocol import MemberStreamRequest, StreamAnswer
from audiocast.stream.keys import Visibility


def streams_elsewhere(node: Node, id_prefix: str) -> set[str]:
    """Return the ids of streams whose source another member has, less than a second old."""
    return {
        stream_id
        for member in node.membership.others
        for stream_id in member.owned_streams
        if stream_id.startswith(id_prefix)
    }


async def visibility_elsewhere(node: Node, stream_id: str) -> Visibility | None:
    """Return the visibility of a stream whose source another member has; None: none has, or says so.

    Args:
        node: This member.
        stream_id: A checked id.
    """
    member = None if node.is_alone else await node.peers.find_holder(stream_id, ask_all=True)
    if member is None:
        return None
    try:
        answer = await node.peers.fetch(member, MemberStreamRequest(stream_id).build())
        said = StreamAnswer.parse(parse_answer(answer)).snapshot.get("visibility")
    except ClusterError:
        return None
    return Visibility(said) if said in list(Visibility) else Visibility.UNLISTED

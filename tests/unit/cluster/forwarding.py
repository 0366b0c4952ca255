"""What a front's offer of a source is in the tests of the cluster, and time for what it sets going."""

import asyncio

from audiocast.cluster.stream_requests import ForwardRequest
from audiocast.stream.source_id import SourceId


def forward(
    source_id: SourceId, *, is_resumed: bool = False, age_seconds: float = 0.0, generation: int = 0
) -> ForwardRequest:
    return ForwardRequest(
        "abc",
        source_id=source_id,
        generation=generation,
        title="T",
        is_resumed=is_resumed,
        age_seconds=age_seconds,
    )


async def settle() -> None:
    """Let all that is under way happen, sends between members too."""
    await asyncio.sleep(0.05)

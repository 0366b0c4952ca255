"""What holds for streams: told to each process of a pod, and written down for pods that start.

The servers keep none of it. A process that starts reads the ConfigMap before it accepts anything; what has
changed since, and whatever changes while it runs, it is told.
"""

from collections.abc import Mapping, Sequence

import structlog

from audiocast_operator.clients.members import MembersClient
from audiocast_operator.decide.pod_state import PodState
from audiocast_operator.manifests.owner import Owner
from audiocast_operator.manifests.rules import build_rules_config
from audiocast_operator.protocol.member_status import NO_RULES, StreamReport, StreamRules
from audiocast_operator.reconcile.claims import Ownership
from audiocast_operator.reconcile.memory import CastMemory

log = structlog.get_logger()

# A ConfigMap that somebody has changed or deleted is applied again after this time.
CONFIG_SECONDS = 60.0


class RulesReconciler:
    """Tells and writes the rules of the streams of all AudioCasts.

    Args:
        claims: Writes children.
        members: The pods' internal port.
    """

    def __init__(self, claims: Ownership, members: MembersClient) -> None:
        self._claims = claims
        self._members = members

    async def write(
        self, cast: Owner, rules: Mapping[str, StreamRules], memory: CastMemory, now_seconds: float
    ) -> None:
        """Write the rules down, if they have changed or were written long ago.

        Raises:
            BadSpec: They are too many.
            OperatorError: They cannot be written.
        """
        wanted = build_rules_config(cast, rules)
        written, at = memory.rules_written
        if written != wanted["data"] or now_seconds - at > CONFIG_SECONDS:
            memory.rules_written = {}, 0.0
            await self._claims.apply(cast, wanted)
            memory.rules_written = wanted["data"], now_seconds

    async def announce(
        self,
        rules: dict[str, StreamRules],
        pods: Sequence[PodState],
        on_air: Mapping[str, StreamReport],
        secret: str,
        memory: CastMemory,
    ) -> None:
        """Tell every process of a pod what holds for each stream.

        A process that has started is told again, and one that has a suspended stream on the air all the same.
        Of a stream without rules nothing is said, unless there were some.
        """
        reachable = [pod for pod in pods if pod.reported is not None]
        known = rules | dict.fromkeys(memory.rules_told.keys() - rules.keys(), NO_RULES)
        for stream_id, wanted in sorted(known.items()):
            if wanted == NO_RULES and stream_id not in memory.rules_told:
                continue
            told = memory.rules_told.setdefault(stream_id, {})
            for pod in reachable:
                is_broken = wanted.is_suspended and stream_id in on_air
                if told.get(pod.process_id) != wanted or is_broken:
                    log.info("stream_rules_told", stream_id=stream_id, pod=pod.name, **wanted.as_json())
                    if await self._members.tell_rules(pod.endpoint, secret, stream_id, wanted):
                        told[pod.process_id] = wanted
            processes = {pod.process_id for pod in pods}
            memory.rules_told[stream_id] = {each: told[each] for each in told.keys() & processes}
            is_over = all(told.get(pod.process_id) == wanted for pod in reachable)
            if wanted == NO_RULES and is_over:
                del memory.rules_told[stream_id]

"""Makes pods as decisions see them."""

from audiocast_operator.decide.pod_state import PodState
from audiocast_operator.protocol.member_status import DrainProgress, MemberStatus

OLD, NEW = "live-old", "live-new"


def pod(
    ordinal: int,
    *,
    listeners: int = 0,
    revision: str = NEW,
    drain: str = "no",
    view: str = "same",
    egress_bytes: int = 0,
    answers: bool = True,
    is_ready: bool = True,
    is_running: bool = True,
    failure: str = "",
) -> PodState:
    """Return a pod that serves, unless an argument says otherwise."""
    reported = MemberStatus(
        view=view,
        listeners=listeners,
        egress_bytes=egress_bytes,
        drain=DrainProgress.model_validate({"state": drain, "listeners_left": listeners}),
    )
    return PodState(
        name=f"live-{ordinal}",
        uid=f"uid-{ordinal}",
        ordinal=ordinal,
        revision=revision,
        is_ready=is_ready and drain == "no",
        is_running=is_running,
        failure=failure,
        reported=reported if answers else None,
    )


def broken(ordinal: int, *, revision: str = NEW) -> PodState:
    """Return a pod that crash-loops."""
    return pod(
        ordinal,
        revision=revision,
        answers=False,
        is_ready=False,
        is_running=False,
        failure="CrashLoopBackOff",
    )

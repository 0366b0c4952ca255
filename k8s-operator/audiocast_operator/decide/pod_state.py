"""A pod as decisions see it: what Kubernetes says of it, and what it says of itself. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from audiocast_operator.names import INTERNAL_PORT, INTERNAL_PORT_NAME, REVISION_LABEL, SECRET_HASH
from audiocast_operator.protocol.member_status import MemberStatus

BROKEN_REASONS = frozenset(
    {
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "RunContainerError",
    }
)
"""Why a container waits, when waiting longer does not help."""

STUCK_SECONDS = 600.0
"""A pod that is not ready and says nothing for so long is as good as broken."""


@dataclass(frozen=True, slots=True)
class PodState:
    """One pod of the StatefulSet.

    Attributes:
        name: Of the pod.
        uid: Of the pod; another one after it was replaced.
        life: Of its process: another one after a restart too.
        ordinal: Its number in the StatefulSet.
        address: "host:port" of its internal port; empty while it has none.
        revision: Of the pod template that it was made of.
        secret_hash: Of the secret that it was started with.
        is_ready: New requests come to it.
        is_running: Its process is there.
        trouble: Why it cannot run, in one word; empty while nothing is known to be wrong.
        told: What it says of itself; None when it does not answer.
    """

    name: str
    uid: str = ""
    life: str = ""
    ordinal: int = 0
    address: str = ""
    revision: str = ""
    secret_hash: str = ""
    is_ready: bool = True
    is_running: bool = True
    trouble: str = ""
    told: MemberStatus | None = None

    @property
    def listeners(self) -> int:
        """Who listens to it, as far as it says."""
        return self.told.listeners if self.told else 0

    @property
    def is_leaving(self) -> bool:
        """It drains, or has drained."""
        return self.told is not None and self.told.drain.state != "no"

    @property
    def is_empty(self) -> bool:
        """Nobody is left, or its own time is over."""
        return self.told is not None and self.told.drain.state == "done"

    @property
    def is_gone(self) -> bool:
        """Nobody can listen to it. One that is merely silent may be busy with its listeners."""
        return not self.is_ready and self.told is None and (not self.is_running or bool(self.trouble))

    @property
    def serves(self) -> bool:
        """New listeners can come to it, and stay."""
        return self.is_ready and self.told is not None and not self.is_leaving


def read_pod(raw: dict[str, Any], told: MemberStatus | None, now: datetime) -> PodState | None:
    """Read a pod of the API; None when it is on its way out.

    Args:
        raw: The object.
        told: What it says of itself.
        now: For how long it has been there.
    """
    metadata, status = raw["metadata"], raw.get("status", {})
    if metadata.get("deletionTimestamp"):
        return None
    conditions = {each["type"]: each for each in status.get("conditions", [])}
    ready = conditions.get("Ready", {}).get("status") == "True"
    since = conditions.get("Ready", {}).get("lastTransitionTime") or metadata["creationTimestamp"]
    containers = status.get("containerStatuses", [])
    return PodState(
        name=metadata["name"],
        uid=metadata["uid"],
        life=f"{metadata['uid']}/{sum(each.get('restartCount', 0) for each in containers)}",
        ordinal=ordinal_of(metadata["name"]),
        address=internal_address(raw),
        revision=metadata.get("labels", {}).get(REVISION_LABEL, ""),
        secret_hash=metadata.get("annotations", {}).get(SECRET_HASH, ""),
        is_ready=ready,
        is_running=any("running" in each.get("state", {}) for each in containers),
        trouble=""
        if ready or told is not None
        else _trouble(containers, now - datetime.fromisoformat(since)),
        told=told,
    )


def internal_address(raw: dict[str, Any]) -> str:
    """Give "host:port" of a pod's internal port, as the pod declares it; empty while it has no address."""
    host = raw.get("status", {}).get("podIP", "")
    if not host:
        return ""
    ports = [port for each in raw["spec"]["containers"] for port in each.get("ports", [])]
    port = next(
        (each["containerPort"] for each in ports if each.get("name") == INTERNAL_PORT_NAME), INTERNAL_PORT
    )
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def ordinal_of(name: str) -> int:
    """Give the number at the end of a StatefulSet's pod's name."""
    return int(name.rpartition("-")[2])


def _trouble(containers: list[dict[str, Any]], unready_for: timedelta) -> str:
    for each in containers:
        reason = str(each.get("state", {}).get("waiting", {}).get("reason", ""))
        if reason in BROKEN_REASONS:
            return reason
    return "NotReady" if unready_for.total_seconds() > STUCK_SECONDS else ""

"""A pod as decisions see it: what Kubernetes knows about it, and what it reports itself. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from audiocast_operator.names import INTERNAL_PORT, INTERNAL_PORT_NAME, REVISION_LABEL, SECRET_HASH
from audiocast_operator.protocol.member_status import MemberStatus
from audiocast_operator.protocol.request_signature import PodEndpoint

# Reasons of a waiting container that do not pass by waiting longer.
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

# A pod that was not ready and did not answer for so long counts as broken.
STUCK_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class PodState:
    """One pod of the StatefulSet.

    Attributes:
        name: The pod's name, which its replacement will have, too.
        uid: The pod's uid; its replacement has another one.
        process_id: Identity of the server's process; a restart of the container changes it.
        ordinal: The number at the end of the name.
        address: "host:port" of the internal port; empty while the pod has no IP address.
        revision: Revision of the pod template that the pod was made from.
        secret_hash: Hash of the Secret that the pod was started with.
        is_ready: The Services send new requests to the pod.
        is_running: A container of the pod runs.
        failure: Why the pod cannot run, in one word; empty while no reason is known.
        reported: The pod's answer on its internal port; None without one.
    """

    name: str
    uid: str = ""
    process_id: str = ""
    ordinal: int = 0
    address: str = ""
    revision: str = ""
    secret_hash: str = ""
    is_ready: bool = True
    is_running: bool = True
    failure: str = ""
    reported: MemberStatus | None = None

    @property
    def endpoint(self) -> PodEndpoint:
        """Where signed requests go, and to which process: that of the pod's last answer."""
        return PodEndpoint(self.address, self.name, self.reported.instance if self.reported else "")

    @property
    def listeners(self) -> int:
        """Listeners that the pod reports; 0 without an answer."""
        return self.reported.listeners if self.reported else 0

    @property
    def is_leaving(self) -> bool:
        """The pod drains, or has drained."""
        return self.reported is not None and self.reported.drain.state != "no"

    @property
    def is_drained(self) -> bool:
        """The pod's drain is over: nobody is left, or its time is up."""
        return self.reported is not None and self.reported.drain.state == "done"

    @property
    def is_gone(self) -> bool:
        """The pod cannot have listeners. A pod that only does not answer may be busy with them."""
        return not self.is_ready and self.reported is None and (not self.is_running or bool(self.failure))

    @property
    def is_serving(self) -> bool:
        """New listeners can connect to the pod, and stay."""
        return self.is_ready and self.reported is not None and not self.is_leaving


def parse_pod(
    raw: dict[str, Any], ordinal: int, reported: MemberStatus | None, now: datetime
) -> PodState | None:
    """Parse a Pod object; None when Kubernetes is deleting it.

    Args:
        raw: The object, as the API returns it.
        ordinal: The number at the end of its name.
        reported: The pod's answer on its internal port; None without one.
        now: The present time, to which the age of the Ready condition is counted.
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
        process_id=f"{metadata['uid']}/{sum(each.get('restartCount', 0) for each in containers)}",
        ordinal=ordinal,
        address=internal_address(raw),
        revision=metadata.get("labels", {}).get(REVISION_LABEL, ""),
        secret_hash=metadata.get("annotations", {}).get(SECRET_HASH, ""),
        is_ready=ready,
        is_running=any("running" in each.get("state", {}) for each in containers),
        failure=""
        if ready or reported is not None
        else _failure(containers, now - datetime.fromisoformat(since)),
        reported=reported,
    )


def internal_address(raw: dict[str, Any]) -> str:
    """Return "host:port" of the internal port that a pod declares; empty while the pod has no IP address."""
    host = raw.get("status", {}).get("podIP", "")
    if not host:
        return ""
    ports = [port for each in raw["spec"]["containers"] for port in each.get("ports", [])]
    port = next(
        (each["containerPort"] for each in ports if each.get("name") == INTERNAL_PORT_NAME), INTERNAL_PORT
    )
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def ordinal_of(name: str, statefulset: str) -> int | None:
    """Return the ordinal at the end of the name of a StatefulSet's pod; None for any other name.

    A StatefulSet's controller, too, takes no pod of another name for its own, whatever its owner says.
    """
    parent, _, number = name.rpartition("-")
    return int(number) if parent == statefulset and number.isascii() and number.isdigit() else None


def _failure(containers: list[dict[str, Any]], unready_for: timedelta) -> str:
    for each in containers:
        reason = str(each.get("state", {}).get("waiting", {}).get("reason", ""))
        if reason in BROKEN_REASONS:
            return reason
    return "NotReady" if unready_for.total_seconds() > STUCK_SECONDS else ""

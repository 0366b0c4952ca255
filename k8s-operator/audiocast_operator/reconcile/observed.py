"""An AudioCast and its pods as a reconcile has read them: read once, then decided on. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from audiocast_operator.decide.pod_state import PodState
from audiocast_operator.errors import BadSpec
from audiocast_operator.manifests.owner import Json, Owner
from audiocast_operator.models.audio_cast import AudioCastSpec, AudioCastStatus, SecretStatus


@dataclass(frozen=True, slots=True)
class ObservedCast:
    """An AudioCast and its pods, at one moment.

    Attributes:
        cast: The AudioCast as the owner of its children.
        spec: Its spec.
        before: The status that was written last.
        generation: Generation of the spec.
        statefulset: The object; empty when there is none.
        pods: The pods that Kubernetes is not deleting.
    """

    cast: Owner
    spec: AudioCastSpec
    before: AudioCastStatus
    generation: int
    statefulset: Json
    pods: Sequence[PodState]

    @property
    def replicas(self) -> int:
        """How many pods the StatefulSet asks for."""
        return int(self.statefulset.get("spec", {}).get("replicas", 0))


@dataclass(frozen=True, slots=True)
class PodSecret:
    """The Secret that pods are started with.

    Attributes:
        name: Name of the Secret.
        hash: Hash of its content.
        current: The secret that makes keys and signs requests; empty while there is none, as in a paused
            AudioCast.
        status: How far a rotation is; None when the user rotates the Secret.
    """

    name: str
    hash: str
    current: str
    status: SecretStatus | None = None


def parse_spec(raw: Json) -> AudioCastSpec:
    """Parse the spec of an AudioCast.

    Raises:
        BadSpec: The spec is not as the CRD wants it; an older CRD may have let it through.
    """
    try:
        return AudioCastSpec.model_validate(raw.get("spec") or {})
    except ValidationError as error:
        [first, *_] = error.errors(include_url=False)
        place = ".".join(str(part) for part in first["loc"])
        raise BadSpec(f"spec.{place}: {first['msg']}, got {str(first['input'])[:100]!r}") from error


def update_revision(statefulset: Json) -> str:
    """Return the revision of the present pod template; empty until the controller has seen the template."""
    status = statefulset.get("status", {})
    if status.get("observedGeneration", 0) < statefulset.get("metadata", {}).get("generation", 0):
        return ""
    return str(status.get("updateRevision", ""))

"""What there is of an AudioCast at the moment: read once, then decided on. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from audiocast_operator.decide.pod_state import PodState
from audiocast_operator.errors import BadSpec
from audiocast_operator.manifests.owner import Json, Owner
from audiocast_operator.models.audio_cast import AudioCastSpec, AudioCastStatus


@dataclass(frozen=True, slots=True)
class Found:
    """An AudioCast and its pods, at one moment.

    Attributes:
        cast: The AudioCast.
        spec: Of the AudioCast.
        before: The status that was written last.
        generation: Of the spec.
        statefulset: Empty when there is none.
        pods: Those that are not on their way out.
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


def parse_spec(raw: Json) -> AudioCastSpec:
    """Read the spec.

    Raises:
        BadSpec: It is not as the CRD says; an older CRD may have let it through.
    """
    try:
        return AudioCastSpec.model_validate(raw.get("spec") or {})
    except ValidationError as error:
        [first, *_] = error.errors(include_url=False)
        place = ".".join(str(part) for part in first["loc"])
        raise BadSpec(f"spec.{place}: {first['msg']}, got {str(first['input'])[:100]!r}") from error


def revision_of(statefulset: Json) -> str:
    """Give the revision of the present pod template; empty while the controller has not seen it."""
    status = statefulset.get("status", {})
    if status.get("observedGeneration", 0) < statefulset.get("metadata", {}).get("generation", 0):
        return ""
    return str(status.get("updateRevision", ""))

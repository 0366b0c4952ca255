"""The secret of an AudioCast: somebody's own, or one that is made, kept and rotated here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audiocast_operator.clients.kube import SECRET, Kube
from audiocast_operator.decide.pod_state import PodState
from audiocast_operator.decide.rotation import rotate
from audiocast_operator.manifests.owner import Owner
from audiocast_operator.manifests.secrets import (
    build_keys_secret,
    hash_of,
    read_api_tokens,
    read_given_secrets,
    read_keyring,
)
from audiocast_operator.models.audio_cast import AudioCastSpec, SecretStatus
from audiocast_operator.names import keys_secret


@dataclass(frozen=True, slots=True)
class KnownSecret:
    """A Secret that pods can be started with.

    Attributes:
        name: Of the Secret.
        hash: Of what is in it.
        current: What keys and requests are made with now; empty when there is none yet, as in a paused
            AudioCast.
        status: How far a rotation is; None when it is somebody else's business.
    """

    name: str
    hash: str
    current: str
    status: SecretStatus | None = None


class SecretKeeper:
    """Of all AudioCasts.

    Args:
        kube: The API.
    """

    def __init__(self, kube: Kube) -> None:
        self._kube = kube

    async def keep(
        self, cast: Owner, spec: AudioCastSpec, pods: Sequence[PodState], *, replicas: int, now: datetime
    ) -> KnownSecret:
        """Give the secret as pods should have it now; make it, or take the next step of its rotation.

        Args:
            cast: The AudioCast.
            spec: Of the AudioCast.
            pods: Those that are not on their way out.
            replicas: How many there should be.
            now: The time.

        Raises:
            OperatorError: The Secret cannot be read or written.
        """
        if spec.secret.name:
            raw = await self._kube.get(SECRET, cast.namespace, spec.secret.name)
            secrets = read_given_secrets(raw, spec.secret.name)
            return KnownSecret(spec.secret.name, hash_of(raw or {}), secrets[0])
        raw = await self._kube.get(SECRET, cast.namespace, keys_secret(cast.name))
        before = read_keyring(raw)
        ring = before
        if not spec.paused:
            ring = rotate(
                before,
                generation=spec.secret.generation,
                overlap_seconds=spec.secret.overlap_seconds,
                is_rolled_out=raw is not None and _all_run_with(hash_of(raw), pods, replicas),
                now=now,
            )
        if ring is None:
            return KnownSecret(keys_secret(cast.name), "", "")
        if raw is None or ring != before:
            raw = await self._kube.apply(build_keys_secret(cast, ring, read_api_tokens(raw)))
        status = SecretStatus(generation=ring.generation, step=ring.step)
        return KnownSecret(keys_secret(cast.name), hash_of(raw), ring.secrets[0], status)


def _all_run_with(secret_hash: str, pods: Sequence[PodState], replicas: int) -> bool:
    return len(pods) == replicas and all(pod.is_ready and pod.secret_hash == secret_hash for pod in pods)

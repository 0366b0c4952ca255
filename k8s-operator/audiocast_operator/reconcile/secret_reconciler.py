"""The secret of an AudioCast: the user's own, or one that the operator makes and rotates."""

from collections.abc import Sequence
from datetime import datetime

from audiocast_operator.clients.kube import SECRET, Kube
from audiocast_operator.decide.pod_state import PodState
from audiocast_operator.decide.rotation import rotate
from audiocast_operator.manifests.owner import Owner
from audiocast_operator.manifests.secrets import (
    build_keys_secret,
    content_hash,
    read_api_tokens,
    read_entry,
    read_external_secrets,
    read_keyring,
)
from audiocast_operator.models.audio_cast import AudioCastSpec, SecretStatus
from audiocast_operator.names import API_TOKENS, keys_secret
from audiocast_operator.reconcile.claims import Ownership
from audiocast_operator.reconcile.observed import PodSecret


class SecretReconciler:
    """Makes and rotates the secrets of all AudioCasts.

    Args:
        kube: The Kubernetes API.
        claims: Writes children.
    """

    def __init__(self, kube: Kube, claims: Ownership) -> None:
        self._kube = kube
        self._claims = claims

    async def reconcile(
        self, cast: Owner, spec: AudioCastSpec, pods: Sequence[PodState], *, replicas: int, now: datetime
    ) -> PodSecret:
        """Make the secret, or take the next step of its rotation; return it as pods should have it now.

        Args:
            cast: The owner.
            spec: Its spec.
            pods: The pods that Kubernetes is not deleting.
            replicas: How many pods the StatefulSet asks for; -1: it is not known, nor are the pods.
            now: The present time.

        Raises:
            NameTaken: A Secret of somebody else has the name.
            OperatorError: The Secret cannot be read or written, or the user's own has no secret in it.
        """
        if spec.secret.name:
            raw = await self._kube.get(SECRET, cast.namespace, spec.secret.name)
            secrets = read_external_secrets(raw, spec.secret)
            return PodSecret(spec.secret.name, content_hash(raw or {}), secrets[0])
        raw = await self._claims.get(cast, SECRET, keys_secret(cast.name))
        before = read_keyring(raw)
        ring = before
        if not spec.paused:
            ring = rotate(
                before,
                generation=spec.secret.generation,
                overlap_seconds=spec.secret.overlap_seconds,
                is_rolled_out=raw is not None and _all_run_with(content_hash(raw), pods, replicas),
                now=now,
            )
        if ring is None:
            return PodSecret(keys_secret(cast.name), "", "")
        is_given = raw is not None and not cast.owns(raw) and not spec.paused
        tokens = "" if spec.secret.anyone_may_start else read_api_tokens(raw)
        is_other = not spec.paused and tokens != read_entry(raw, API_TOKENS)
        if raw is None or ring != before or is_given or is_other:
            raw = await self._claims.apply(cast, build_keys_secret(cast, ring, tokens))
        status = SecretStatus(generation=ring.generation, step=ring.step)
        return PodSecret(keys_secret(cast.name), content_hash(raw), ring.secrets[0], status)


def _all_run_with(secret_hash: str, pods: Sequence[PodState], replicas: int) -> bool:
    return len(pods) == replicas and all(pod.is_ready and pod.secret_hash == secret_hash for pod in pods)

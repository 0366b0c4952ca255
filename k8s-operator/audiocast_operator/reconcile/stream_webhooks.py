"""The targets of Streams' webhooks: read from their Secrets, and written into one that all pods mount.

Pods read it when it changes. It is a Secret, and no ConfigMap: it has what is signed with, and URLs may hold
tokens. A target whose Secret is missing is left out, and its Stream says so; all others are told.
"""

import hashlib
from collections.abc import Callable, Mapping

from audiocast_operator.clients.kube import SECRET, Kube
from audiocast_operator.errors import BadSpec
from audiocast_operator.manifests.owner import Owner
from audiocast_operator.manifests.webhooks import build_webhooks_secret, read_secrets, read_url
from audiocast_operator.models.stream import StreamSpec
from audiocast_operator.models.webhooks import StreamWebhook
from audiocast_operator.names import webhooks_secret
from audiocast_operator.protocol.webhook_targets import WebhookTarget, build_targets_file
from audiocast_operator.reconcile.claims import Ownership
from audiocast_operator.reconcile.memory import CastMemory, KnownWebhooks

# Secrets of somebody else are read again after this time.
READ_SECONDS = 60.0

# The Secret that somebody has changed or deleted is applied again after this time.
WRITE_SECONDS = 60.0


class StreamWebhooks:
    """Collects the targets of all Streams of an AudioCast.

    Args:
        kube: The Kubernetes API.
        claims: Writes children.
        monotonic: Returns the seconds of a monotonic clock.
    """

    def __init__(self, kube: Kube, claims: Ownership, *, monotonic: Callable[[], float]) -> None:
        self._kube = kube
        self._claims = claims
        self._monotonic = monotonic

    async def read(self, owner: Owner, stream: StreamSpec, memory: CastMemory) -> None:
        """Read what a Stream's targets need, unless that was done lately.

        Raises:
            BadSpec: There are no such Secrets. The others of its targets are told.
            OperatorError: The Secrets cannot be read; what was known of them holds.
        """
        if not stream.webhooks:
            memory.webhooks.pop(owner.uid, None)
            return
        terms = f"{stream.id} {[each.model_dump_json() for each in stream.webhooks]}"
        known, now = memory.webhooks.get(owner.uid), self._monotonic()
        if known is None or known.terms != terms or now - known.at > READ_SECONDS:
            targets: list[WebhookTarget] = []
            missing: list[str] = []
            for each in stream.webhooks:
                try:
                    targets.append(await self._target(owner, stream.id, each))
                except BadSpec as error:
                    missing.append(f"webhooks {each.id}: {error}")
            known = memory.webhooks[owner.uid] = KnownWebhooks(terms, tuple(targets), "; ".join(missing), now)
        if known.missing:
            raise BadSpec(known.missing)

    async def write(self, cast: Owner, streams: Mapping[str, StreamSpec], memory: CastMemory) -> None:
        """Write the targets down, if they have changed or were written long ago.

        Args:
            cast: The AudioCast.
            streams: Its Streams by their uids.
            memory: Its memory.

        Raises:
            BadSpec: They are too many for one Secret.
            OperatorError: It cannot be written, or somebody else's has its name.
        """
        telling = {uid for uid, stream in streams.items() if stream.webhooks}
        if telling - memory.webhooks.keys():
            # Those of a Stream are not known, as after a restart of the operator: what pods have holds.
            return
        targets = [target for uid in telling for target in memory.webhooks[uid].targets]
        text = build_targets_file(targets)
        content = hashlib.sha256(text.encode()).hexdigest()
        written, at = memory.webhooks_written
        now = self._monotonic()
        if written == content and now - at <= WRITE_SECONDS:
            return
        memory.webhooks_written = "", 0.0
        if targets or await self._claims.get(cast, SECRET, webhooks_secret(cast.name)) is not None:
            await self._claims.apply(cast, build_webhooks_secret(cast, text, len(targets)))
        memory.webhooks_written = content, now

    async def _target(self, owner: Owner, stream_id: str, webhook: StreamWebhook) -> WebhookTarget:
        url, ref = webhook.url or "", webhook.url_secret_ref
        if ref is not None:
            url = read_url(await self._kube.get(SECRET, owner.namespace, ref.name), ref)
        raw = await self._kube.get(SECRET, owner.namespace, webhook.secret_ref.name)
        secrets = read_secrets(raw, webhook.secret_ref)
        return WebhookTarget(stream_id, webhook.id, url, secrets, tuple(webhook.events))

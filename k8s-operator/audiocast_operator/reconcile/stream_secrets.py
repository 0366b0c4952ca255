"""The Secrets of Streams: URL, key and access code for who broadcasts, links for who listens.

What cannot be made a second time, a code and links, is made once and read back from the Secret after a
restart.
"""

import hashlib
from collections.abc import Callable

from audiocast_operator.clients.kube import SECRET, Kube
from audiocast_operator.manifests.listen_links import WantedLinks
from audiocast_operator.manifests.owner import Owner
from audiocast_operator.manifests.secrets import build_ingest_secret, read_given_code, read_made_code
from audiocast_operator.manifests.urls import StreamUrls
from audiocast_operator.models.stream import StreamSpec
from audiocast_operator.names import ingest_secret, listen_links_secret
from audiocast_operator.protocol.access_code import make_code
from audiocast_operator.protocol.ingest_key import build_ingest_key
from audiocast_operator.reconcile.claims import Ownership
from audiocast_operator.reconcile.memory import CastMemory, KnownCode, KnownLinks

# A Secret that somebody has changed or deleted is applied again after this time.
SECRET_SECONDS = 300.0

# A code of somebody else's Secret is read again after this time.
CODE_SECONDS = 60.0


class StreamSecrets:
    """Writes the Secrets of all Streams.

    Args:
        kube: The Kubernetes API.
        claims: Writes children.
        monotonic: Returns the seconds of a monotonic clock.
        now: Returns the Unix time.
    """

    def __init__(
        self,
        kube: Kube,
        claims: Ownership,
        *,
        monotonic: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        self._kube = kube
        self._claims = claims
        self._monotonic = monotonic
        self._now = now

    async def apply_ingest(
        self,
        owner: Owner,
        cast_name: str,
        urls: StreamUrls,
        stream: StreamSpec,
        secret: str,
        memory: CastMemory,
    ) -> None:
        """Write URL, key and access code, if they have changed or were written long ago.

        Raises:
            BadSpec: There is no such access code.
            OperatorError: The Secret cannot be read or written, or somebody else's has its name.
        """
        code = await self._code(owner, stream, memory)
        key = build_ingest_key(secret, stream, code)
        content = hashlib.sha256(f"{urls.ingest}\0{key}".encode()).hexdigest()
        now = self._monotonic()
        written, at = memory.secrets_written.get(owner.uid, ("", now))
        if written != content or now - at > SECRET_SECONDS:
            memory.secrets_written.pop(owner.uid, None)
            wanted = build_ingest_secret(owner, cast_name, urls, key, code, stream.key_generation)
            await self._claims.apply(owner, wanted)
            memory.secrets_written[owner.uid] = (content, now)

    async def apply_links(
        self,
        owner: Owner,
        cast_name: str,
        urls: StreamUrls,
        stream: StreamSpec,
        secret: str,
        memory: CastMemory,
    ) -> None:
        """Make the links of a private stream, unless they are there and good; they are looked at seldom.

        Raises:
            BadSpec: They do not fit into a Secret.
            OperatorError: The Secret cannot be read or written, or somebody else's has its name.
        """
        if stream.listen_links is None or not stream.is_private:
            memory.links_known.pop(owner.uid, None)
            return
        wanted = WantedLinks(stream.id, urls.listen, stream.listen_links, stream.links_revoked_at_ms, secret)
        seen_at, now = self._monotonic(), self._now()
        terms, known = wanted.terms, memory.links_known.pop(owner.uid, None)
        if known is None or known.terms != terms or seen_at - known.at > SECRET_SECONDS:
            raw = await self._claims.get(owner, SECRET, listen_links_secret(owner.name))
            # A Secret that was given is not the Stream's before it is written.
            made_at = wanted.made_at(raw) if raw is not None and owner.owns(raw) else None
            known = KnownLinks(terms, wanted.ends_at(made_at), seen_at) if made_at is not None else None
        if known is None or 0 < known.ends_at <= now:
            await self._claims.apply(owner, wanted.build(owner, cast_name, int(now)))
            known = KnownLinks(terms, wanted.ends_at(int(now)), seen_at)
        memory.links_known[owner.uid] = known

    async def _code(self, owner: Owner, stream: StreamSpec, memory: CastMemory) -> str:
        """Return the access code of a private stream; empty: it has none."""
        ref = stream.access_code_secret_ref
        if not stream.is_private or (ref is None and stream.access_code is None):
            memory.access_codes.pop(owner.uid, None)
            return ""
        now = self._monotonic()
        source = f"made {stream.key_generation}" if ref is None else f"given {ref.name} {ref.key}"
        known = memory.access_codes.get(owner.uid)
        is_same = known is not None and known.source == source
        if known is not None and is_same and (ref is None or now - known.at <= CODE_SECONDS):
            return known.code
        if ref is not None:
            code = read_given_code(await self._kube.get(SECRET, owner.namespace, ref.name), ref)
        else:
            raw = await self._claims.get(owner, SECRET, ingest_secret(owner.name))
            code = read_made_code(raw, stream.key_generation) or make_code()
        memory.access_codes[owner.uid] = KnownCode(source, code, now)
        return code

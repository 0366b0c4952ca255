"""Addresses that people and encoders are given."""

from dataclasses import dataclass

from audiocast_operator.manifests.owner import Owner
from audiocast_operator.models.audio_cast import AudioCastSpec


@dataclass(frozen=True, slots=True)
class StreamLinks:
    """Of one stream.

    Attributes:
        ingest: Where its encoder sends to.
        listen: Its page.
        stream: The bare audio.
    """

    ingest: str
    listen: str
    stream: str


def public_base(spec: AudioCastSpec) -> str:
    """Give "scheme://host" as the spec says it, without a slash at the end; empty when it does not."""
    if spec.public_url or spec.ingress is None:
        return spec.public_url
    return f"{'https' if spec.ingress.tls_secret_name else 'http'}://{spec.ingress.host}"


def build_links(cast: Owner, spec: AudioCastSpec, stream_id: str) -> StreamLinks:
    """Give a stream's links: public ones, or those in the cluster when the spec names no public address."""
    port = "" if spec.service.port == 80 else f":{spec.service.port}"
    base = public_base(spec) or f"http://{cast.name}.{cast.namespace}.svc{port}"
    return StreamLinks(
        ingest=f"{base}/ingest/{stream_id}",
        listen=f"{base}/listen/{stream_id}",
        stream=f"{base}/stream/{stream_id}",
    )

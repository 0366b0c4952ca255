"""A stream's URLs, as the Secret and the status of a Stream hold them."""

from dataclasses import dataclass

from audiocast_operator.manifests.owner import Owner
from audiocast_operator.models.audio_cast import AudioCastSpec


@dataclass(frozen=True, slots=True)
class StreamUrls:
    """The URLs of one stream.

    Attributes:
        ingest: Where the encoder sends to.
        listen: The listener's page.
        stream: The bare audio, for players.
    """

    ingest: str
    listen: str
    stream: str


def public_base_url(spec: AudioCastSpec) -> str:
    """Return "scheme://host" of the spec, without a slash at the end; empty when the spec names no host."""
    if spec.public_url or spec.ingress is None:
        return spec.public_url
    return f"{'https' if spec.ingress.tls_secret_name else 'http'}://{spec.ingress.host}"


def build_stream_urls(cast: Owner, spec: AudioCastSpec, stream_id: str) -> StreamUrls:
    """Return a stream's URLs: public ones, or those inside the cluster when the spec names no host."""
    port = "" if spec.service.port == 80 else f":{spec.service.port}"
    base = public_base_url(spec) or f"http://{cast.name}.{cast.namespace}.svc{port}"
    return StreamUrls(
        ingest=f"{base}/ingest/{stream_id}",
        listen=f"{base}/listen/{stream_id}",
        stream=f"{base}/stream/{stream_id}",
    )

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


def service_name(cast: Owner, spec: AudioCastSpec) -> str:
    """Return the name of the Service for listeners and encoders."""
    return spec.service.name or cast.name


def public_base_url(spec: AudioCastSpec) -> str:
    """Return "scheme://host" of the spec, without a slash at the end; empty when it names not one host."""
    if spec.public_url:
        return spec.public_url
    hosts: set[str] = set()
    are_secure: list[bool] = []
    if spec.ingress is not None:
        hosts |= {spec.ingress.host, *spec.ingress.more_hosts}
        are_secure.append(bool(spec.ingress.tls_secret_name or spec.ingress.tls))
    if spec.http_route is not None:
        hosts |= {*spec.http_route.hostnames}
        are_secure += [
            each.section_name.startswith("https") or each.port == 443 for each in spec.http_route.parent_refs
        ]
    if len(hosts) != 1:
        return ""
    [host] = hosts
    return "" if host.startswith("*") else f"{'https' if all(are_secure) else 'http'}://{host}"


def build_stream_urls(cast: Owner, spec: AudioCastSpec, stream_id: str) -> StreamUrls:
    """Return a stream's URLs: public ones, or those inside the cluster when the spec names no host."""
    port = "" if spec.service.port == 80 else f":{spec.service.port}"
    base = public_base_url(spec) or f"http://{service_name(cast, spec)}.{cast.namespace}.svc{port}"
    return StreamUrls(
        ingest=f"{base}/ingest/{stream_id}",
        listen=f"{base}/listen/{stream_id}",
        stream=f"{base}/stream/{stream_id}",
    )

"""The settings of where the server is found, and of TLS there: see `settings`, which they are a part of."""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field, field_validator, model_validator

from audiocast.aliases_file import read_aliases
from audiocast.web.http.tls.certificate import BadCertificate, read_certificate

# Members on one host have different internal ports, and get different names from them.
USUAL_INTERNAL_PORT = 8001

# What a parent adds to the command line of its workers; see `settings.CheckedSettings`.
LAST_CERTIFICATE = "--last-certificate"


class PortSettings(BaseModel):
    """The ports, the certificate of the one for HTTPS, without which there is none, and old paths."""

    host: str = Field(default="", description="Address to listen on; empty: all of them.")
    port: int = Field(default=8000, ge=0, le=65535, description="Public port. 0: a free one.")
    tls_certificate: Path | None = Field(
        default=None,
        description="PEM file with the certificate for HTTPS and those that it is signed by, as certbot's "
        "fullchain.pem. Empty: no HTTPS. A file that changes is taken into use within seconds.",
    )
    tls_key: Path | None = Field(default=None, description="PEM file with its key, without a passphrase.")
    tls_port: int = Field(
        default=8443,
        ge=0,
        le=65535,
        description="Public port for HTTPS, beside PORT, once there is a certificate. 0: a free one.",
    )
    https_redirect_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="GET and HEAD on PORT, but for those of sources, are redirected to https:// links with "
        "this port: TLS_PORT, or the one that leads there from outside. 0: they are answered.",
    )
    internal_host: str = Field(
        default="", description="Address of the internal port; empty: all. Keep it away from the public."
    )
    internal_port: int = Field(
        default=USUAL_INTERNAL_PORT,
        ge=0,
        le=65535,
        description="Port for metrics, health and other members. 0: a free one.",
    )
    workers: int = Field(
        default=1,
        ge=1,
        le=256,
        description="Processes that share PORT, a core each. With more than one, the bounds on listeners and "
        "egress are shared out among them, and PEERS must be empty.",
    )

    aliases_file: Path | None = Field(
        default=None,
        description="File with aliases: the paths that streams had at an Icecast server, and the passwords "
        "of its source clients (docs/migration/icecast.md). It is read at the start, by each member of a "
        "cluster. Empty: none.",
    )

    @field_validator("aliases_file")
    @classmethod
    def _read_aliases(cls, value: Path | None) -> Path | None:
        try:
            read_aliases(value)
        except OSError as error:
            raise ValueError(f"cannot read {value}: {error.strerror}") from error
        return value

    @model_validator(mode="after")
    def _read_files(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("TLS_CERTIFICATE and TLS_KEY go together: expected both or none")
        if self.tls_certificate is not None and self.tls_key is not None:
            try:
                read_certificate(self.tls_certificate, self.tls_key)
            except BadCertificate as error:
                raise ValueError(f"TLS_CERTIFICATE and TLS_KEY: {error}") from error
        return self

"""The settings of what Kubernetes and the operator give a pod: see `settings`, which they are a part of."""

from pathlib import Path

from pydantic import BaseModel, Field, field_validator

from audiocast.rules_file import parse_rules, read_rules_file


class KubernetesSettings(BaseModel):
    """The API server, and the file that the operator keeps."""

    kubernetes_service_host: str = Field(
        default="", description="API server that k8s+SERVICE asks. Kubernetes sets it in each pod."
    )
    kubernetes_service_port: int = Field(
        default=443, ge=1, le=65535, description="Its port. Kubernetes sets it in each pod."
    )
    kubernetes_account: Path = Field(
        default=Path("/var/run/secrets/kubernetes.io/serviceaccount"),
        description="Folder with the pod's token, ca.crt and namespace.",
    )
    stream_rules_file: Path | None = Field(
        default=None,
        description="File with what holds for streams from the start: keys that were replaced, streams that "
        "are suspended or ended (docs/operator.md); beside it, with .links at the end of its name, listen "
        "links that are revoked. Both are read before anything is accepted, and when they change. The "
        "operator sets it. Empty: none.",
    )
    require_api_tokens: bool = Field(
        default=False,
        description="Do not start without API_TOKENS: a secret that is empty or gone lets nobody in unsaid.",
    )

    @field_validator("stream_rules_file")
    @classmethod
    def _readable(cls, value: Path | None) -> Path | None:
        """Refuse a file that cannot be used; one that is not there yet may come."""
        if value is not None and value.exists():
            try:
                parse_rules(*read_rules_file(value))
            except OSError as error:
                raise ValueError(f"cannot read {value}: {error.strerror}") from error
        return value

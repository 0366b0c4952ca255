"""Every setting of the operator, with unit, default and reason. The only place that reads the environment.

The chart sets them.
"""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class OperatorSettings(BaseSettings):
    """Settings from the variables `AUDIOCAST_OPERATOR_...`."""

    model_config = SettingsConfigDict(env_prefix="AUDIOCAST_OPERATOR_", env_ignore_empty=True)

    namespace: str = Field(default="", description="Namespace to look in. Empty: all of them.")
    pod_namespace: str = Field(
        default="",
        description="Namespace of the operator's own pod, which the pods' NetworkPolicies name. "
        "Empty: that of each AudioCast.",
    )
    tick_seconds: float = Field(
        default=5.0, gt=0, le=300, description="How often each AudioCast is reconciled. Seconds."
    )
    silent_seconds: float = Field(
        default=60.0,
        gt=0,
        description="The liveness probe fails when the timer has not ticked for so long, and readiness when "
        "it could not list AudioCasts and Streams for so long. Seconds.",
    )
    cluster_domain: str = Field(default="cluster.local", description="Domain of Kubernetes' DNS.")
    metrics_port: int = Field(default=8081, ge=0, le=65535, description="Port for Prometheus. 0: none.")
    probe_port: int = Field(default=8080, ge=0, le=65535, description="Port for the probes. 0: none.")
    log_level: str = Field(
        default="info", pattern="^(debug|info|warning|error)$", description="Lowest level that is logged."
    )

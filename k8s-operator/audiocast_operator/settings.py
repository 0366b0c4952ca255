"""Every setting of the operator, with unit, default and reason. The only place that reads the environment.

The chart sets them. Which namespace kopf watches is an option of its command; the chart gives both the same.
"""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class OperatorSettings(BaseSettings):
    """Read from `AUDIOCAST_OPERATOR_...`."""

    model_config = SettingsConfigDict(env_prefix="AUDIOCAST_OPERATOR_", env_ignore_empty=True)

    namespace: str = Field(default="", description="Namespace to look in. Empty: all of them.")
    tick_seconds: float = Field(
        default=5.0, gt=0, le=300, description="How often each AudioCast is looked at. Seconds."
    )
    silent_seconds: float = Field(
        default=60.0, gt=0, description="The operator counts as dead when its timer was silent for so long."
    )
    cluster_domain: str = Field(default="cluster.local", description="Of Kubernetes' DNS.")
    metrics_port: int = Field(default=8081, ge=0, le=65535, description="For Prometheus. 0: none.")
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$", description="Least level.")

"""The fields of an AudioCast, each with its unit, default and reason. The one source of the CRD's schema."""

from typing import Literal

from pydantic import ConfigDict, Field

from audiocast_operator.models.base import ResourceModel, StatusModel, Time, validation_rules
from audiocast_operator.models.bounds import Labels, Text
from audiocast_operator.models.condition import BY_TYPE, Condition
from audiocast_operator.models.monitoring import MonitoringSpec
from audiocast_operator.models.network import (
    HttpRouteSpec,
    IngressSpec,
    NetworkPolicyField,
    NetworkPolicySpec,
    PeersSpec,
    ServiceSpec,
    TlsSpec,
)
from audiocast_operator.models.pod import PodOverrides, ServiceAccountSpec
from audiocast_operator.models.server_settings import settings_rules

CLOCK_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
Day = Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


class AutoscalingSpec(ResourceModel):
    """The number of pods follows the numbers that the pods report, without a metrics adapter."""

    model_config = ConfigDict(
        json_schema_extra=validation_rules(
            ("self.minReplicas <= self.maxReplicas", "minReplicas must not be above maxReplicas")
        )
    )

    min_replicas: int = Field(default=2, ge=1, le=500, description="Never fewer pods than this.")
    max_replicas: int = Field(ge=1, le=500, description="Never more pods than this.")
    listeners_per_pod: int = Field(default=5000, ge=1, description="Listeners that one pod is meant for.")
    egress_mbps_per_pod: int = Field(
        default=0, ge=0, description="What one pod is meant to send to listeners, Mbit/s. 0: does not count."
    )
    scale_down_delay_seconds: int = Field(
        default=600,
        ge=0,
        le=86400,
        description="Fewer pods must have been enough for so long before one goes. Seconds.",
    )


class MaintenanceWindow(ResourceModel):
    """Hours in which a roll-out may take pods. A window may end on the next day."""

    start: str = Field(max_length=5, pattern=CLOCK_TIME, description='Start of the window, as in "02:00".')
    end: str = Field(
        max_length=5,
        pattern=CLOCK_TIME,
        description='End of the window, as in "05:30". The same as start: all day.',
    )
    days: list[Day] = Field(
        default_factory=list, max_length=7, description="Days on which the window begins. Empty: every day."
    )
    time_zone: str = Field(
        default="UTC",
        max_length=64,
        pattern=r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$",
        description="IANA name of the time zone, as in Europe/Berlin.",
    )


class DrainSpec(ResourceModel):
    """How a pod hands its listeners and encoders over before it is replaced or removed."""

    timeout_seconds: int = Field(
        default=300,
        ge=0,
        le=86400,
        description="Longest time in which a pod hands its listeners and encoders over. Seconds.",
    )
    pre_stop_seconds: int = Field(
        default=5,
        ge=0,
        le=120,
        description="How long a pod that must go still accepts requests, until all balancers know. Seconds.",
    )
    strategy: Literal["LeastListeners", "Ordinal"] = Field(
        default="LeastListeners",
        description="Which pod is replaced next: the one with the fewest listeners, or the highest ordinal.",
    )
    window: MaintenanceWindow | None = Field(
        default=None,
        description="When a roll-out may take the next pod. Pods that cannot serve are replaced at any time, "
        "and scaling does not wait for it.",
    )


class SecretSpec(ResourceModel):
    """The secret that makes ingest keys and by which members recognize each other."""

    name: str = Field(
        default="",
        max_length=253,
        description="Your own Secret with SECRET_KEYS and API_TOKENS; you rotate it then. Empty: the "
        "operator makes <name>-keys and rotates it.",
    )
    anyone_may_start: bool = Field(
        default=False,
        description="No API token is needed to start a stream, unless a Secret of your own has some.",
    )
    generation: int = Field(
        default=1,
        ge=1,
        description="Count up to rotate the secret. All pods learn the new secret first, then use it, then "
        "forget the old one; each step rolls the pods.",
    )
    overlap_seconds: int = Field(
        default=604_800,
        ge=0,
        le=31_536_000,
        description="How long keys made with the old secret are still accepted after a rotation. Seconds.",
    )


class WebhooksSpec(ResourceModel):
    """Who is told what happens to streams."""

    secret_name: str = Field(
        default="",
        max_length=253,
        description="Your own Secret with WEBHOOK_URLS and WEBHOOK_SECRETS, each comma-separated; the "
        "settings WEBHOOK_EVENTS and WEBHOOK_ALLOW_PRIVATE go with it. Empty: nobody is told.",
    )


class AudioCastSpec(ResourceModel):
    """The wanted state."""

    model_config = ConfigDict(
        json_schema_extra=validation_rules(
            ("has(self.replicas) != has(self.autoscaling)", "give either replicas or autoscaling")
        )
    )

    image: str = Field(min_length=1, max_length=512, description="The server's image, with a tag or digest.")
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = Field(
        default="IfNotPresent", description="As in a container."
    )
    replicas: int | None = Field(
        default=None, ge=0, le=500, description="Number of pods. Give either this or autoscaling."
    )
    autoscaling: AutoscalingSpec | None = Field(
        default=None, description="The operator computes the number of pods. Give either this or replicas."
    )
    drain: DrainSpec = Field(default_factory=DrainSpec, description="How pods are drained.")
    common_labels: Labels = Field(
        default_factory=dict, description="More labels of all objects but pods and Secrets."
    )
    public_url: str = Field(
        default="",
        max_length=1024,
        pattern=r"^(https?://[A-Za-z0-9.:\[\]-]+)?$",
        description="Address that URLs are built on, as in https://radio.example.org. Empty: the one host "
        "of Ingress and HTTPRoute, else the Service.",
    )
    settings: dict[str, Text] = Field(
        default_factory=dict,
        max_length=64,
        description="More settings of the server by their names, as in MAX_LISTENERS.",
        json_schema_extra=validation_rules(*settings_rules()),
    )
    service: ServiceSpec = Field(default_factory=ServiceSpec, description="The Service.")
    tls: TlsSpec = Field(default_factory=TlsSpec, description="TLS in the pods.")
    peers: PeersSpec = Field(
        default_factory=PeersSpec, description="Members that are no pods of this AudioCast."
    )
    ingress: IngressSpec | None = Field(default=None, description="Create an Ingress, too.")
    http_route: HttpRouteSpec | None = Field(
        default=None, description="Create an HTTPRoute, whose CRD must be installed."
    )
    secret: SecretSpec = Field(default_factory=SecretSpec, description="The secret and its rotation.")
    webhooks: WebhooksSpec = Field(
        default_factory=WebhooksSpec, description="Who is told what happens to streams."
    )
    monitoring: MonitoringSpec = Field(
        default_factory=MonitoringSpec, description="How Prometheus scrapes the pods."
    )
    network_policy: NetworkPolicyField = Field(
        default_factory=NetworkPolicySpec,
        description="Only the pods themselves, the operator and your Prometheus reach the internal port.",
    )
    service_account: ServiceAccountSpec | None = Field(
        default=None, description="An account of the pods' own. Without it they have that of the namespace."
    )
    pod: PodOverrides = Field(default_factory=PodOverrides, description="Additions to the pods.")
    paused: bool = Field(
        default=False,
        description="Change nothing and only write the status: no roll-out, no scaling, no rotation.",
    )


class DrainStatus(StatusModel):
    """The drain that is going on."""

    pod: str = Field(description="The pod that drains.")
    reason: Literal["RollOut", "ScaleDown"] = Field(description="Why the pod drains.")
    started_at: Time = Field(description="When the drain began.")
    listeners_left: int = Field(default=0, description="Listeners that are still connected.")
    sources_left: int = Field(default=0, description="Encoders that are still connected.")


class AutoscalingStatus(StatusModel):
    """The result of autoscaling."""

    recommended_replicas: int = Field(description="Pods that the present listeners need.")
    lower_since: Time | None = Field(
        default=None, description="Since when fewer pods than there are would have been enough."
    )


class SecretStatus(StatusModel):
    """How far a rotation is."""

    generation: int = Field(description="Generation of the newest secret.")
    step: Literal["Steady", "Offered", "Overlap"] = Field(
        description="Steady; Offered: being made known to all pods; Overlap: in use, the old one accepted."
    )


class AudioCastStatus(StatusModel):
    """The present state."""

    observed_generation: int = Field(
        default=0, description="Generation of the spec that this status is about."
    )
    replicas: int = Field(default=0, description="Pods of the StatefulSet.")
    ready_replicas: int = Field(default=0, description="Pods that are ready.")
    updated_replicas: int = Field(default=0, description="Pods made of the present spec.")
    ready: str = Field(default="", description="Ready pods and wanted pods, as in 2/3.")
    listeners: int = Field(default=0, description="Listeners of all pods.")
    live_streams: int = Field(default=0, description="Streams that are on the air.")
    selector: str = Field(default="", description="The pods' labels, for the scale subresource.")
    views_agree: bool = Field(default=False, description="All pods see the same members.")
    drain: DrainStatus | None = Field(default=None, description="The drain that is going on.")
    autoscaling: AutoscalingStatus | None = Field(default=None, description="The result of autoscaling.")
    secret: SecretStatus | None = Field(default=None, description="The secret that the operator has made.")
    conditions: list[Condition] = Field(
        default_factory=list,
        description="Available, Progressing, Degraded, Draining, and Monitored where a PodMonitor is wanted.",
        json_schema_extra=BY_TYPE,
    )

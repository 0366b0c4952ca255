"""What an AudioCast adds to its pods, and what it may not change of them.

What the operator needs stays the operator's: its labels, the ports, the settings, the paths of the probes.
A rule of the CRD refuses what would replace them.
"""

from typing import Literal

from pydantic import ConfigDict, Field

from audiocast_operator.models.base import ResourceModel, validation_rules
from audiocast_operator.models.bounds import (
    Annotations,
    Embedded,
    EmbeddedModel,
    Labels,
    Name,
    keyed_by,
)
from audiocast_operator.models.server_settings import KNOWN_SETTINGS, OWNED_SETTINGS, UNUSED_SETTINGS
from audiocast_operator.names import (
    HTTP_PORT,
    HTTP_PORT_NAME,
    HTTPS_PORT,
    HTTPS_PORT_NAME,
    INTERNAL_PORT,
    INTERNAL_PORT_NAME,
    SERVER_CONTAINER,
)

# A pod that drains lets its listeners go after five seconds (`NOTICE_SECONDS` of the server's drain). By then
# it has left the Service, or they would come back to it and be let go again. A second is for the balancers.
MOST_READINESS_SECONDS = 4

_SETTINGS = sorted({*OWNED_SETTINGS, *KNOWN_SETTINGS, *UNUSED_SETTINGS})
_OTHER_NAME = (
    f"self.all(each, each.name != '{SERVER_CONTAINER}')",
    f"{SERVER_CONTAINER} is the server's own container",
)
_NUMBERS = [HTTP_PORT, INTERNAL_PORT, HTTPS_PORT]
_NAMES = [HTTP_PORT_NAME, INTERNAL_PORT_NAME, HTTPS_PORT_NAME]
_OTHER_PORTS = (
    f"self.all(each, !has(each.ports) || each.ports.all(port, !(port.containerPort in {_NUMBERS})"
    f" && (!has(port.name) || !(port.name in {_NAMES}))))",
    f"the server's own ports are {', '.join(map(str, [*_NUMBERS, *_NAMES]))}",
)


class EnvVar(EmbeddedModel):
    """An environment variable."""

    name: str = Field(min_length=1, max_length=256, description="Name of the variable.")


class ContainerPort(EmbeddedModel):
    """A port of a container."""

    name: str = Field(default="", max_length=15, description="Name of the port.")
    container_port: int = Field(ge=1, le=65535, description="Number of the port.")


class Container(EmbeddedModel):
    """A container beside the server's."""

    name: str = Field(min_length=1, max_length=63, description="Name of the container.")
    ports: list[ContainerPort] = Field(default_factory=list, max_length=16, description="Its ports.")


class Volume(EmbeddedModel):
    """A volume of the pods."""

    name: str = Field(min_length=1, max_length=63, description="Name of the volume.")


class VolumeMount(EmbeddedModel):
    """A volume in the server's container."""

    name: str = Field(min_length=1, max_length=63, description="Name of the volume.")
    mount_path: str = Field(min_length=1, max_length=1024, description="Where it is.")


class HostAlias(ResourceModel):
    """An entry of /etc/hosts."""

    ip: str = Field(min_length=1, max_length=45, description="Address.")
    hostnames: list[Name] = Field(min_length=1, max_length=16, description="Its names.")


class StartupProbe(ResourceModel):
    """The probe that passes when the event loop runs for the first time."""

    period_seconds: int = Field(default=1, ge=1, le=3600, description="Time between two probes. Seconds.")
    timeout_seconds: int = Field(default=2, ge=1, le=3600, description="Longest time of an answer. Seconds.")
    failure_threshold: int = Field(default=60, ge=1, le=3600, description="Failures in a row that count.")
    termination_grace_period_seconds: int = Field(
        default=5, ge=1, le=86400, description="How long a server that has failed is waited for. Seconds."
    )


class ReadinessProbe(ResourceModel):
    """The probe that fails while a pod starts or drains."""

    model_config = ConfigDict(
        json_schema_extra=validation_rules(
            (
                f"self.periodSeconds * self.failureThreshold <= {MOST_READINESS_SECONDS}",
                f"periodSeconds times failureThreshold is at most {MOST_READINESS_SECONDS}: a pod that "
                "drains has left the Service before it lets its listeners go",
            )
        )
    )

    period_seconds: int = Field(default=2, ge=1, le=3600, description="Time between two probes. Seconds.")
    timeout_seconds: int = Field(default=2, ge=1, le=3600, description="Longest time of an answer. Seconds.")
    failure_threshold: int = Field(default=1, ge=1, le=3600, description="Failures in a row that count.")


class LivenessProbe(ResourceModel):
    """The probe that passes while the event loop runs."""

    period_seconds: int = Field(default=10, ge=1, le=3600, description="Time between two probes. Seconds.")
    timeout_seconds: int = Field(default=5, ge=1, le=3600, description="Longest time of an answer. Seconds.")
    failure_threshold: int = Field(default=3, ge=1, le=3600, description="Failures in a row that count.")
    termination_grace_period_seconds: int = Field(
        default=5, ge=1, le=86400, description="How long a server that hangs is waited for. Seconds."
    )


class ProbesSpec(ResourceModel):
    """Times of the health checks. Their paths and their port are the operator's."""

    startup: StartupProbe = Field(default_factory=StartupProbe, description="The pod has started.")
    readiness: ReadinessProbe = Field(default_factory=ReadinessProbe, description="It takes listeners.")
    liveness: LivenessProbe = Field(default_factory=LivenessProbe, description="It need not be restarted.")


class TopologySpreadSpec(ResourceModel):
    """Pods on different nodes and in different zones."""

    enabled: bool = Field(default=True, description="Ask the scheduler to spread the pods.")
    when_unsatisfiable: Literal["ScheduleAnyway", "DoNotSchedule"] = Field(
        default="ScheduleAnyway", description="What the scheduler does when it cannot spread them."
    )


class PodOverrides(ResourceModel):
    """What the pods have beside what the operator decides. A change rolls them."""

    labels: Labels = Field(default_factory=dict, description="More labels. The operator's own come first.")
    annotations: Annotations = Field(default_factory=dict, description="Annotations of the pods.")
    security_context: Embedded = Field(
        default_factory=dict,
        description="As in a Pod, put over the default: runAsNonRoot and the runtime's seccomp profile. The "
        "user is the image's, or the namespace's, as on OpenShift.",
    )
    container_security_context: Embedded = Field(
        default_factory=dict,
        description="As in a container, put over the default of the server's container: no privileges, no "
        "capabilities, a read-only root file system.",
    )
    resources: Embedded = Field(
        default_factory=dict,
        description="Resources of the server's container. It is one process, which uses one CPU at most.",
    )
    probes: ProbesSpec = Field(default_factory=ProbesSpec, description="Times of the health checks.")
    env: list[EnvVar] = Field(
        default_factory=list,
        max_length=64,
        description="More environment variables of the server's container, as there. Settings of the server "
        "go into spec.settings.",
        json_schema_extra=keyed_by("name")
        | validation_rules(
            (
                f"self.all(each, !(each.name in {_SETTINGS}))",
                "settings of the server go into spec.settings, and some are the operator's own: "
                f"{', '.join(OWNED_SETTINGS)}",
            )
        ),
    )
    env_from: list[Embedded] = Field(
        default_factory=list,
        max_length=16,
        description="ConfigMaps and Secrets as environment, as in a container. They replace no setting that "
        "the operator or spec.settings sets.",
    )
    volumes: list[Volume] = Field(
        default_factory=list,
        max_length=32,
        description="Volumes, as in a Pod.",
        json_schema_extra=keyed_by("name"),
    )
    volume_mounts: list[VolumeMount] = Field(
        default_factory=list,
        max_length=32,
        description="Volume mounts of the server's container, as there.",
        json_schema_extra=keyed_by("mountPath"),
    )
    init_containers: list[Container] = Field(
        default_factory=list,
        max_length=8,
        description="Containers that run before the server, as in a Pod.",
        json_schema_extra=keyed_by("name") | validation_rules(_OTHER_NAME, _OTHER_PORTS),
    )
    containers: list[Container] = Field(
        default_factory=list,
        max_length=8,
        description="Containers beside the server, as in a Pod.",
        json_schema_extra=keyed_by("name") | validation_rules(_OTHER_NAME, _OTHER_PORTS),
    )
    topology_spread: TopologySpreadSpec = Field(
        default_factory=TopologySpreadSpec, description="Pods on different nodes and in different zones."
    )
    node_selector: Labels = Field(default_factory=dict, description="As in a Pod.")
    tolerations: list[Embedded] = Field(default_factory=list, max_length=64, description="As in a Pod.")
    affinity: Embedded = Field(default_factory=dict, description="As in a Pod.")
    priority_class_name: Name = Field(default="", description="As in a Pod.")
    host_aliases: list[HostAlias] = Field(
        default_factory=list, max_length=32, description="As in a Pod.", json_schema_extra=keyed_by("ip")
    )
    dns_config: Embedded = Field(default_factory=dict, description="As in a Pod.")
    image_pull_secrets: list[Name] = Field(
        default_factory=list, max_length=16, description="Names of Secrets to pull the image with."
    )


class ServiceAccountSpec(ResourceModel):
    """The account of the pods. Members ask no API server."""

    name: Name = Field(
        default="",
        description="A ServiceAccount of your own. Empty: the operator makes one of the AudioCast's name.",
    )
    annotations: Annotations = Field(
        default_factory=dict, description="Annotations of the ServiceAccount that the operator makes."
    )
    token: bool = Field(
        default=False,
        description="Mount the account's token into the containers. The server needs none; sidecars may.",
    )

"""The ways to the pods, and who may take them: Service, Ingress, HTTPRoute, NetworkPolicy."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from audiocast_operator.models.base import ResourceModel, validation_rules
from audiocast_operator.models.bounds import Annotations, Embedded, Labels, Name, Word

Host = Annotated[str, StringConstraints(min_length=1, max_length=253)]
Network = Annotated[str, StringConstraints(max_length=49, pattern=r"^[0-9A-Fa-f.:]+/[0-9]{1,3}$")]
# Gateway API, GEP-2257. Empty: left out.
Duration = Annotated[str, StringConstraints(max_length=32, pattern=r"^(([0-9]{1,5}(h|m|s|ms)){1,4})?$")]
PortOrName = Annotated[int | Word, WithJsonSchema({"x-kubernetes-int-or-string": True})]


class PeersSpec(ResourceModel):
    """Members that are no pods of the AudioCast."""

    selector: Labels = Field(
        default_factory=dict,
        description="Labels of all members' pods, the AudioCast's own and others, which must have the same "
        "secret. Empty: its own alone.",
    )


class ServiceSpec(ResourceModel):
    """The Service that listeners and encoders reach."""

    model_config = ConfigDict(
        json_schema_extra=validation_rules(
            (
                "(has(self.name) ? self.name : '') == (has(oldSelf.name) ? oldSelf.name : '')",
                "name cannot be changed; make another object",
            ),
            (
                "self.type == 'LoadBalancer' || (!has(self.loadBalancerSourceRanges) && "
                "!has(self.loadBalancerClass))",
                "loadBalancerSourceRanges and loadBalancerClass need the type LoadBalancer",
            ),
            (
                "self.type != 'ClusterIP' || (!has(self.nodePort) && !has(self.externalTrafficPolicy))",
                "nodePort and externalTrafficPolicy need the type NodePort or LoadBalancer",
            ),
        )
    )

    name: str = Field(
        default="",
        max_length=63,
        pattern="^([a-z]([-a-z0-9]*[a-z0-9])?)?$",
        description="Name of the Service, as of one that is to be taken over. Empty: the AudioCast's.",
    )
    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = Field(
        default="ClusterIP", description="As in a Service."
    )
    port: int = Field(default=80, ge=1, le=65535, description="Port of the Service.")
    node_port: int | None = Field(
        default=None, ge=1, le=65535, description="Port of every node. Empty: any that is free."
    )
    load_balancer_class: str = Field(default="", max_length=316, description="As in a Service.")
    load_balancer_source_ranges: list[Network] = Field(
        default_factory=list, max_length=64, description="Networks that a LoadBalancer lets in. Empty: all."
    )
    external_traffic_policy: Literal["Cluster", "Local"] | None = Field(
        default=None, description="As in a Service."
    )
    ip_family_policy: Literal["SingleStack", "PreferDualStack", "RequireDualStack"] | None = Field(
        default=None, description="As in a Service; of both Services."
    )
    ip_families: list[Literal["IPv4", "IPv6"]] = Field(
        default_factory=list, max_length=2, description="As in a Service; of both Services."
    )
    traffic_distribution: Word = Field(
        default="", description="As in a Service. It changes where listeners are, and so who is full."
    )
    labels: Labels = Field(default_factory=dict, description="More labels of the Service.")
    annotations: Annotations = Field(default_factory=dict, description="Annotations of the Service.")


class TlsSpec(ResourceModel):
    """TLS in the pods, for load balancers and gateways that pass it through."""

    secret_name: Name = Field(
        default="",
        description="Secret with tls.crt and tls.key, as cert-manager makes it. Empty: no TLS here.",
    )
    port: int = Field(default=443, ge=1, le=65535, description="Port of the Service for HTTPS.")
    node_port: int | None = Field(
        default=None, ge=1, le=65535, description="Port of every node for HTTPS. Empty: any that is free."
    )
    redirect: bool = Field(
        default=False, description="Redirect pages, players and the API from plain HTTP; never encoders."
    )


class IngressTls(ResourceModel):
    """A certificate."""

    secret_name: Name = Field(default="", description="Secret with the certificate.")
    hosts: list[Host] = Field(default_factory=list, max_length=64, description="Hosts that it is for.")


class IngressSpec(ResourceModel):
    """An Ingress to the Service."""

    host: str = Field(min_length=1, max_length=253, description="Host name of the Ingress.")
    more_hosts: list[Host] = Field(default_factory=list, max_length=63, description="More host names.")
    class_name: Name = Field(default="", description="IngressClass. Empty: the cluster's default.")
    tls_secret_name: Name = Field(
        default="", description="Secret with the certificate of all hosts. Empty: none here."
    )
    tls: list[IngressTls] = Field(
        default_factory=list, max_length=64, description="Several certificates, as in an Ingress."
    )
    annotations: Annotations = Field(
        default_factory=dict,
        description="Annotations of the Ingress. Turn off the controller's buffering and time-outs here.",
    )


class ParentRef(ResourceModel):
    """A Gateway, or one of its listeners."""

    name: str = Field(min_length=1, max_length=253, description="Name of the Gateway.")
    namespace: Word = Field(default="", description="Namespace of the Gateway. Empty: the AudioCast's.")
    section_name: Name = Field(default="", description="Its listener. Empty: all of them.")
    port: int | None = Field(default=None, ge=1, le=65535, description="Port of its listeners.")


class RouteTimeouts(ResourceModel):
    """Time-outs of the route's one rule. A broadcast, and listening to it, is one request."""

    request: Duration = Field(default="0s", description='"0s": none. Empty: the gateway\'s own.')
    backend_request: Duration = Field(default="0s", description='"0s": none. Empty: the gateway\'s own.')


class HttpRouteSpec(ResourceModel):
    """A route of the Gateway API to the Service."""

    parent_refs: list[ParentRef] = Field(min_length=1, max_length=32, description="Gateways of the route.")
    hostnames: list[Host] = Field(default_factory=list, max_length=16, description="Host names.")
    annotations: Annotations = Field(default_factory=dict, description="Annotations of the HTTPRoute.")
    timeouts: RouteTimeouts = Field(default_factory=RouteTimeouts, description="Time-outs of the route.")
    filters: list[Embedded] = Field(
        default_factory=list,
        max_length=16,
        description="Filters of the route's one rule, as in an HTTPRoute.",
    )


class LabelRequirement(ResourceModel):
    """One condition of a selector."""

    key: str = Field(min_length=1, max_length=317, description="Name of the label.")
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"] = Field(description="The condition.")
    values: list[Word] = Field(default_factory=list, max_length=64, description="Values of the label.")


class LabelSelector(ResourceModel):
    """A selector of namespaces or pods; an empty one selects all of them."""

    match_labels: Labels = Field(default_factory=dict, description="Labels that must be there.")
    match_expressions: list[LabelRequirement] = Field(
        default_factory=list, max_length=16, description="Conditions that must hold."
    )


class IpBlock(ResourceModel):
    """A network, but for parts of it."""

    cidr: Network = Field(description="The network.")
    other: list[Network] = Field(
        default_factory=list, alias="except", max_length=64, description="Parts that are left out."
    )


class PolicyPeer(ResourceModel):
    """A peer of a NetworkPolicy."""

    pod_selector: LabelSelector | None = Field(default=None, description="Pods.")
    namespace_selector: LabelSelector | None = Field(default=None, description="Namespaces.")
    ip_block: IpBlock | None = Field(default=None, description="A network, instead of the other two.")


class PolicyPort(ResourceModel):
    """Ports of a NetworkPolicy."""

    port: PortOrName | None = Field(default=None, description="Number, or name in the pods. Empty: all.")
    end_port: int | None = Field(default=None, ge=1, le=65535, description="All ports from port to this one.")
    protocol: Literal["TCP", "UDP", "SCTP"] = Field(default="TCP", description="The protocol.")


class EgressRule(ResourceModel):
    """Where pods may connect to."""

    to: list[PolicyPeer] = Field(default_factory=list, max_length=64, description="Peers. Empty: all.")
    ports: list[PolicyPort] = Field(default_factory=list, max_length=64, description="Ports. Empty: all.")


class NetworkPolicySpec(ResourceModel):
    """Which peers may reach which port. The internal port is for members, the operator and Prometheus."""

    enabled: bool = Field(default=True, description="Create the NetworkPolicy.")
    http_from: list[PolicyPeer] = Field(
        default_factory=list,
        max_length=64,
        description="Peers that may reach the public port, such as the gateway's namespace. Empty: anyone.",
    )
    metrics_from: list[PolicyPeer] = Field(
        default_factory=list,
        max_length=64,
        description="Peers that may scrape the metrics, beside spec.monitoring.namespace.",
    )
    internal_from: list[PolicyPeer] = Field(
        default_factory=list, max_length=64, description="Other peers that may reach the internal port."
    )
    webhook_ports: list[Annotated[int, Field(ge=1, le=65535)]] = Field(
        default_factory=list,
        max_length=16,
        description="Ports that pods may reach at any address, for webhooks, as in [443].",
    )
    extra_egress: list[EgressRule] = Field(
        default_factory=list, max_length=64, description="More egress, beside DNS and members."
    )


def _of_older_crd(given: object) -> object:
    """Read what was stored when the CRD took true or false here."""
    return {"enabled": given} if isinstance(given, bool) else given


NetworkPolicyField = Annotated[NetworkPolicySpec, BeforeValidator(_of_older_crd)]

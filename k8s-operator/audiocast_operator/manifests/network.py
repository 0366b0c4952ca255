"""The ways to the pods, and who may use them: Services, Ingress, HTTPRoute, NetworkPolicy."""

from audiocast_operator.errors import BadSpec
from audiocast_operator.manifests.owner import Json, Owner
from audiocast_operator.manifests.parts import given, plain
from audiocast_operator.manifests.urls import service_name
from audiocast_operator.models.audio_cast import AudioCastSpec
from audiocast_operator.names import (
    HTTP_PORT_NAME,
    HTTPS_PORT_NAME,
    INTERNAL_PORT,
    INTERNAL_PORT_NAME,
    MANAGER,
    NAME_LABEL,
    labels,
    peers_service,
    selector_labels,
)

# The label that Kubernetes itself gives each namespace, with its name.
NAMESPACE_NAME = "kubernetes.io/metadata.name"


def build_service(owner: Owner, spec: AudioCastSpec) -> Json:
    """Return the Service for listeners and encoders.

    Raises:
        BadSpec: It has the name of the Service for members.
    """
    wanted = spec.service
    name = service_name(owner, spec)
    if name == peers_service(owner.name):
        raise BadSpec(f"service.name: expected another name than that of the members' Service, got {name}")
    ports = [_port(HTTP_PORT_NAME, wanted.port, wanted.node_port)]
    if spec.tls.secret_name:
        ports.append(_port(HTTPS_PORT_NAME, spec.tls.port, spec.tls.node_port))
    return owner.build_child(
        "v1",
        "Service",
        name,
        {**wanted.labels, **labels(owner.name)},
        annotations=wanted.annotations,
        spec={
            "type": wanted.type,
            "selector": selector_labels(owner.name),
            "ports": ports,
            **_families(spec),
            **given(
                loadBalancerClass=wanted.load_balancer_class,
                loadBalancerSourceRanges=wanted.load_balancer_source_ranges,
                externalTrafficPolicy=wanted.external_traffic_policy,
                trafficDistribution=wanted.traffic_distribution,
            ),
        },
    )


def _port(name: str, port: int, node_port: int | None) -> Json:
    return {"name": name, "port": port, "targetPort": name, "protocol": "TCP", **given(nodePort=node_port)}


def _families(spec: AudioCastSpec) -> Json:
    return given(ipFamilyPolicy=spec.service.ip_family_policy, ipFamilies=spec.service.ip_families)


def member_labels(owner: Owner, spec: AudioCastSpec) -> dict[str, str]:
    """Return the labels of all members' pods."""
    return spec.peers.selector or selector_labels(owner.name)


def build_peers_service(owner: Owner, spec: AudioCastSpec) -> Json:
    """Return the headless Service by which members find each other, starting and leaving ones, too.

    Raises:
        BadSpec: The pods of the AudioCast do not have the labels that all members are said to have.
    """
    members = member_labels(owner, spec)
    own = {**spec.pod.labels, **labels(owner.name)}
    if not members.items() <= own.items():
        raise BadSpec(
            f"peers.selector: expected labels that the AudioCast's own pods have, {own}, got {members}"
        )
    return owner.build_child(
        "v1",
        "Service",
        peers_service(owner.name),
        labels(owner.name) | {"audiocast/service": "peers"},
        spec={
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": members,
            "ports": [
                {
                    "name": INTERNAL_PORT_NAME,
                    "port": INTERNAL_PORT,
                    "targetPort": INTERNAL_PORT_NAME,
                    "protocol": "TCP",
                }
            ],
            **_families(spec),
        },
    )


def build_ingress(owner: Owner, spec: AudioCastSpec) -> Json | None:
    """Return the Ingress; None when the spec wants none."""
    wanted = spec.ingress
    if wanted is None:
        return None
    backend = {"service": {"name": service_name(owner, spec), "port": {"name": HTTP_PORT_NAME}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    hosts = [wanted.host, *wanted.more_hosts]
    tls = plain(wanted.tls)
    if wanted.tls_secret_name:
        tls = [{"hosts": hosts, "secretName": wanted.tls_secret_name}, *tls]
    return owner.build_child(
        "networking.k8s.io/v1",
        "Ingress",
        owner.name,
        labels(owner.name),
        annotations=wanted.annotations,
        spec={
            "rules": [{"host": host, "http": {"paths": paths}} for host in hosts],
            **given(ingressClassName=wanted.class_name, tls=tls),
        },
    )


def build_http_route(owner: Owner, spec: AudioCastSpec) -> Json | None:
    """Return the HTTPRoute; None when the spec wants none."""
    wanted = spec.http_route
    if wanted is None:
        return None
    timeouts = given(request=wanted.timeouts.request, backendRequest=wanted.timeouts.backend_request)
    rule = {
        "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
        "backendRefs": [{"name": service_name(owner, spec), "port": spec.service.port}],
        **given(filters=wanted.filters, timeouts=timeouts),
    }
    return owner.build_child(
        "gateway.networking.k8s.io/v1",
        "HTTPRoute",
        owner.name,
        labels(owner.name),
        annotations=wanted.annotations,
        spec={
            "parentRefs": plain(wanted.parent_refs),
            "rules": [rule],
            **given(hostnames=wanted.hostnames),
        },
    )


def build_network_policy(owner: Owner, spec: AudioCastSpec, operator_namespace: str) -> Json | None:
    """Return the NetworkPolicy, which opens the internal port to members, operator and Prometheus alone.

    Args:
        owner: The AudioCast.
        spec: Its spec.
        operator_namespace: Where the operator runs; empty: beside the AudioCast.
    """
    wanted = spec.network_policy
    if not wanted.enabled:
        return None
    members = {"podSelector": {"matchLabels": member_labels(owner, spec)}}
    operator = {
        "namespaceSelector": {"matchLabels": {NAMESPACE_NAME: operator_namespace or owner.namespace}},
        "podSelector": {"matchLabels": {NAME_LABEL: MANAGER}},
    }
    prometheus: list[Json] = []
    if spec.monitoring.namespace:
        name = {NAMESPACE_NAME: spec.monitoring.namespace}
        prometheus = [{"namespaceSelector": {"matchLabels": name}}]
    internal = {"port": INTERNAL_PORT_NAME, "protocol": "TCP"}
    hooks = [{"port": port, "protocol": "TCP"} for port in wanted.webhook_ports]
    public = [HTTP_PORT_NAME, *([HTTPS_PORT_NAME] if spec.tls.secret_name else [])]
    return owner.build_child(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        owner.name,
        labels(owner.name),
        spec={
            "podSelector": {"matchLabels": selector_labels(owner.name)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [
                {
                    "ports": [{"port": name, "protocol": "TCP"} for name in public],
                    **given(**{"from": plain(wanted.http_from)}),
                },
                {
                    "ports": [internal],
                    "from": [
                        members,
                        operator,
                        *prometheus,
                        *plain(wanted.metrics_from),
                        *plain(wanted.internal_from),
                    ],
                },
            ],
            "egress": [
                {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]},
                {"ports": [internal], "to": [members]},
                *([{"ports": hooks}] if hooks else []),
                *plain(wanted.extra_egress),
            ],
        },
    )

"""The way to the pods, and who may use it: Services, Ingress, NetworkPolicy."""

from audiocast_operator.manifests.owner import Json, Owner
from audiocast_operator.models.audio_cast import AudioCastSpec
from audiocast_operator.names import (
    HTTP_PORT_NAME,
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
    """Return the Service for listeners and encoders."""
    return owner.build_child(
        "v1",
        "Service",
        owner.name,
        labels(owner.name),
        annotations=spec.service.annotations,
        spec={
            "type": spec.service.type,
            "selector": selector_labels(owner.name),
            "ports": [
                {
                    "name": HTTP_PORT_NAME,
                    "port": spec.service.port,
                    "targetPort": HTTP_PORT_NAME,
                    "protocol": "TCP",
                }
            ],
        },
    )


def build_peers_service(owner: Owner) -> Json:
    """Return the headless Service by which members find each other, starting and leaving ones, too."""
    return owner.build_child(
        "v1",
        "Service",
        peers_service(owner.name),
        labels(owner.name) | {"audiocast/service": "peers"},
        spec={
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": selector_labels(owner.name),
            "ports": [
                {
                    "name": INTERNAL_PORT_NAME,
                    "port": INTERNAL_PORT,
                    "targetPort": INTERNAL_PORT_NAME,
                    "protocol": "TCP",
                }
            ],
        },
    )


def build_ingress(owner: Owner, spec: AudioCastSpec) -> Json | None:
    """Return the Ingress; None when the spec wants none."""
    wanted = spec.ingress
    if wanted is None:
        return None
    backend = {"service": {"name": owner.name, "port": {"name": HTTP_PORT_NAME}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    rules: Json = {"rules": [{"host": wanted.host, "http": {"paths": paths}}]}
    if wanted.class_name:
        rules["ingressClassName"] = wanted.class_name
    if wanted.tls_secret_name:
        rules["tls"] = [{"hosts": [wanted.host], "secretName": wanted.tls_secret_name}]
    return owner.build_child(
        "networking.k8s.io/v1",
        "Ingress",
        owner.name,
        labels(owner.name),
        annotations=wanted.annotations,
        spec=rules,
    )


def build_network_policy(owner: Owner, spec: AudioCastSpec, operator_namespace: str) -> Json | None:
    """Return the NetworkPolicy, which opens the internal port to members, operator and Prometheus alone.

    Args:
        owner: The AudioCast.
        spec: Its spec.
        operator_namespace: Where the operator runs; empty: beside the AudioCast.
    """
    if not spec.network_policy:
        return None
    members = {"podSelector": {"matchLabels": selector_labels(owner.name)}}
    operator = {
        "namespaceSelector": {"matchLabels": {NAMESPACE_NAME: operator_namespace or owner.namespace}},
        "podSelector": {"matchLabels": {NAME_LABEL: MANAGER}},
    }
    prometheus: list[Json] = []
    if spec.monitoring.namespace:
        name = {NAMESPACE_NAME: spec.monitoring.namespace}
        prometheus = [{"namespaceSelector": {"matchLabels": name}}]
    internal = {"port": INTERNAL_PORT_NAME, "protocol": "TCP"}
    return owner.build_child(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        owner.name,
        labels(owner.name),
        spec={
            **members,
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [
                {"ports": [{"port": HTTP_PORT_NAME, "protocol": "TCP"}]},
                {"ports": [internal], "from": [members, operator, *prometheus]},
            ],
            "egress": [
                {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]},
                {"ports": [internal], "to": [members]},
            ],
        },
    )

"""The StatefulSet, whose stable pod names keep each stream at its pod. The pods are those of the plain chart.

Nothing in the pod template depends on the number of pods, so that scaling restarts no pod.
"""

from typing import Any

from audiocast_operator.manifests.owner import Json, Owner
from audiocast_operator.manifests.urls import public_base_url
from audiocast_operator.models.audio_cast import AudioCastSpec
from audiocast_operator.names import (
    API_TOKENS,
    HTTP_PORT,
    HTTP_PORT_NAME,
    INTERNAL_PORT,
    INTERNAL_PORT_NAME,
    SECRET_HASH,
    SECRET_KEYS,
    labels,
    peers_service,
    selector_labels,
)

# Balancers learn that a pod is leaving about when the pod does, and send it listeners until then.
PRE_STOP_SECONDS = 5

# The time that a drained process has to stop.
SHUTDOWN_SECONDS = 10

# A server that hangs cannot drain. Without this, it is given the whole time of a drain to end.
KILLED: Json = {"terminationGracePeriodSeconds": 5}

# Members take a new one into the ring after it has answered for three seconds.
MIN_READY_SECONDS = 5

# As in the plain chart: loopback, for sidecars (Istio's hands requests over from 127.0.0.6), private networks
# (RFC 1918, RFC 4193) and the shared one (RFC 6598). Gateways are believed in who asks and by which scheme,
# not in the host: those in use leave Host as it is, and some pass on X-Forwarded-Host from a visitor.
FORWARDING = {
    "TRUSTED_PROXIES": "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fd00::/8",
    "TRUST_FORWARDED_HOST": "false",
}

# A process uses one core at most. The core has no limit, since throttled audio is late audio.
DEFAULT_RESOURCES: Json = {"requests": {"cpu": "500m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}}


def build_statefulset(
    owner: Owner,
    spec: AudioCastSpec,
    *,
    replicas: int,
    secret_name: str,
    secret_hash: str,
    cluster_domain: str,
) -> Json:
    """Return the StatefulSet.

    Args:
        owner: The AudioCast.
        spec: Its spec.
        replicas: Pods that there should be now; more than are wanted while one of them drains.
        secret_name: The Secret that pods have their secrets from.
        secret_hash: Hash of its content. Another hash makes another revision.
        cluster_domain: Domain of Kubernetes' DNS, as in "cluster.local".
    """
    return owner.build_child(
        "apps/v1",
        "StatefulSet",
        owner.name,
        labels(owner.name),
        spec={
            "serviceName": peers_service(owner.name),
            "podManagementPolicy": "Parallel",
            # Kubernetes must replace no pod by itself, since it does not know which have listeners.
            "updateStrategy": {"type": "OnDelete"},
            "minReadySeconds": MIN_READY_SECONDS,
            "replicas": replicas,
            "selector": {"matchLabels": selector_labels(owner.name)},
            "template": {
                "metadata": {
                    "labels": {**spec.pod.labels, **labels(owner.name)},
                    "annotations": {**spec.pod.annotations, SECRET_HASH: secret_hash},
                },
                "spec": _pod(owner, spec, secret_name, cluster_domain),
            },
        },
    )


def build_pod_disruption_budget(owner: Owner, replicas: int) -> Json:
    """Return the PodDisruptionBudget: one pod at a time may be evicted, and a broken one always.

    It names how many stay, and not how many go: with the latter, one pod that has these labels and no
    controller, as a copy that somebody debugs, forbids all evictions.
    https://kubernetes.io/docs/tasks/run-application/configure-pdb/#arbitrary-controllers-and-selectors

    Args:
        owner: The AudioCast.
        replicas: How many pods the StatefulSet asks for.
    """
    return owner.build_child(
        "policy/v1",
        "PodDisruptionBudget",
        owner.name,
        labels(owner.name),
        spec={
            "minAvailable": max(0, replicas - 1),
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": selector_labels(owner.name)},
        },
    )


def _pod(owner: Owner, spec: AudioCastSpec, secret_name: str, cluster_domain: str) -> Json:
    more = spec.pod
    pod: Json = {
        "automountServiceAccountToken": False,
        # They would put every Service of the namespace into the environment, among the settings.
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": PRE_STOP_SECONDS + spec.drain.timeout_seconds + SHUTDOWN_SECONDS,
        "securityContext": {
            # Which user it is, the image says, or the namespace, as on OpenShift. No volume is written to.
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "topologySpreadConstraints": [
            {
                "topologyKey": key,
                "maxSkew": 1,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": selector_labels(owner.name)},
                "matchLabelKeys": ["controller-revision-hash"],
            }
            for key in ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
        ],
        "containers": [_container(spec, _environment(owner, spec, secret_name, cluster_domain))],
    }
    optional = {
        "imagePullSecrets": [{"name": name} for name in more.image_pull_secrets],
        "nodeSelector": more.node_selector,
        "tolerations": more.tolerations,
        "affinity": more.affinity,
        "priorityClassName": more.priority_class_name,
    }
    return pod | {name: value for name, value in optional.items() if value}


def _container(spec: AudioCastSpec, environment: list[Json]) -> Json:
    return {
        "name": "audiocast",
        "image": spec.image,
        "imagePullPolicy": spec.image_pull_policy,
        "command": ["audiocast", "serve"],
        "ports": [
            {"name": HTTP_PORT_NAME, "containerPort": HTTP_PORT, "protocol": "TCP"},
            {"name": INTERNAL_PORT_NAME, "containerPort": INTERNAL_PORT, "protocol": "TCP"},
        ],
        "env": environment,
        "startupProbe": _probe("/livez", period_seconds=1, timeout_seconds=2, failures=60, **KILLED),
        "readinessProbe": _probe("/readyz", period_seconds=2, timeout_seconds=2, failures=1),
        # The answer does not depend on other members, so that no pod is restarted because of its peers.
        "livenessProbe": _probe("/livez", period_seconds=10, timeout_seconds=5, failures=3, **KILLED),
        "lifecycle": {"preStop": {"sleep": {"seconds": PRE_STOP_SECONDS}}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "resources": spec.pod.resources or DEFAULT_RESOURCES,
    }


def _environment(owner: Owner, spec: AudioCastSpec, secret_name: str, cluster_domain: str) -> list[Json]:
    peers = f"{peers_service(owner.name)}.{owner.namespace}.svc.{cluster_domain}."
    scheme, _, domain = public_base_url(spec).partition("://")
    own = {
        "PEERS": f"dns+{peers}:{INTERNAL_PORT}",
        "DRAIN_SECONDS": str(spec.drain.timeout_seconds),
        "STREAM_DOMAIN": domain,
        "STREAM_SCHEME": scheme,
    }
    plain = {**FORWARDING, "LOG_FORMAT": "json", **spec.settings, **own}
    return [
        {"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": SECRET_KEYS, "valueFrom": _from_secret(secret_name, SECRET_KEYS)},
        {"name": API_TOKENS, "valueFrom": _from_secret(secret_name, API_TOKENS, optional=True)},
        *({"name": name, "value": value} for name, value in sorted(plain.items()) if value),
    ]


def _from_secret(name: str, key: str, **more: Any) -> Json:
    return {"secretKeyRef": {"name": name, "key": key, **more}}


def _probe(path: str, *, period_seconds: int, timeout_seconds: int, failures: int, **more: Any) -> Json:
    return {
        "httpGet": {"path": path, "port": INTERNAL_PORT_NAME},
        "periodSeconds": period_seconds,
        "timeoutSeconds": timeout_seconds,
        "failureThreshold": failures,
        **more,
    }

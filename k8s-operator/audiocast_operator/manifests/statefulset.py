"""The StatefulSet, whose stable pod names keep each stream at its pod, and the PodDisruptionBudget."""

from audiocast_operator.manifests.owner import Json, Owner
from audiocast_operator.manifests.pod import build_pod_template
from audiocast_operator.models.audio_cast import AudioCastSpec
from audiocast_operator.names import labels, peers_service, selector_labels

# Members take a new one into the ring after it has answered for three seconds.
MIN_READY_SECONDS = 5


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
            "template": build_pod_template(
                owner,
                spec,
                secret_name=secret_name,
                secret_hash=secret_hash,
                cluster_domain=cluster_domain,
            ),
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

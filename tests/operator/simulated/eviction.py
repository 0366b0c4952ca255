"""Eviction, as the API server does it: budgets have their word, and the pod must be the one that is meant.

After pkg/registry/core/pod/storage/eviction.go of kubernetes/kubernetes, and what Kubernetes 1.36.2 was seen
to answer (tests/operator/kubernetes-exchanges.json): more than one budget is a 500 (kubernetes#75957).
"""

from tests.operator.simulated.errors import ServerError, TooManyRequests
from tests.operator.simulated.store import Json, Store, uid_conflict

# Of pods in these phases no budget is asked (`canIgnorePDB`).
UNCOUNTED_PHASES = frozenset({"Pending", "Succeeded", "Failed"})


def evict(store: Store, pod: Json, asked: Json) -> None:
    """Delete a pod, if it may go.

    Args:
        store: Where it is.
        pod: The pod.
        asked: The Eviction.

    Raises:
        Conflict: It is another pod of this name by now.
        ServerError: More than one budget selects it.
        TooManyRequests: A budget does not allow it.
    """
    metadata = pod["metadata"]
    uid = asked.get("deleteOptions", {}).get("preconditions", {}).get("uid", metadata["uid"])
    if uid != metadata["uid"]:
        raise uid_conflict("Pod", metadata["name"], uid, metadata["uid"])
    phase = pod.get("status", {}).get("phase", "")
    if phase not in UNCOUNTED_PHASES and "deletionTimestamp" not in metadata:
        _ask_budgets(store, pod)
    store.delete("pods", metadata["namespace"], metadata["name"])


def _ask_budgets(store: Store, pod: Json) -> None:
    metadata = pod["metadata"]
    budgets = [
        each
        for each in store.all_of("poddisruptionbudgets", metadata["namespace"])
        if _selected(each).items() <= metadata.get("labels", {}).items()
    ]
    if len(budgets) > 1:
        raise ServerError(
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        )
    for budget in budgets:
        spec = budget["spec"]
        if not is_ready(pod) and spec.get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
            continue
        pods = store.all_of("pods", metadata["namespace"], _selected(budget))
        healthy = sum(map(is_ready, pods))
        if "minAvailable" in spec:
            needed = spec["minAvailable"]
        else:
            needed = _expected(store, pods) - spec["maxUnavailable"]
        # One that is not healthy does not count, so it may go when enough others are.
        if healthy - is_ready(pod) < needed:
            told = f"The disruption budget {budget['metadata']['name']} needs {needed} healthy pods"
            cause = {"reason": "DisruptionBudget", "message": f"{told} and has {healthy} currently"}
            raise TooManyRequests(
                "Cannot evict pod as it would violate the pod's disruption budget.", causes=[cause]
            )


def _expected(store: Store, pods: list[Json]) -> int:
    """Return how many pods there should be: those that their controllers ask for.

    With `maxUnavailable` a pod without a controller that can be scaled forbids all evictions
    (`getExpectedPodCount` and `failSafe` of pkg/controller/disruption/disruption.go).
    https://kubernetes.io/docs/tasks/run-application/configure-pdb/#arbitrary-controllers-and-selectors
    """
    scales: dict[str, int] = {}
    for pod in pods:
        owners = pod["metadata"].get("ownerReferences", [])
        controller = next((each for each in owners if each.get("controller")), None)
        found = controller and store.find("statefulsets", pod["metadata"]["namespace"], controller["name"])
        if not found or not controller or found["metadata"]["uid"] != controller["uid"]:
            name = pod["metadata"]["name"]
            raise TooManyRequests(f"found no controllers for pod {name}, so no disruption is allowed")
        scales[controller["uid"]] = int(found["spec"]["replicas"])
    return sum(scales.values())


def is_ready(pod: Json) -> bool:
    """Return whether a pod is ready and is not being deleted."""
    conditions = pod.get("status", {}).get("conditions", [])
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return ready and "deletionTimestamp" not in pod["metadata"]


def _selected(budget: Json) -> dict[str, str]:
    labels: dict[str, str] = budget["spec"]["selector"]["matchLabels"]
    return labels

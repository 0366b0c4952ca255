"""Eviction, as the API server does it: budgets have their word, and the pod must be the one that is meant."""

from tests.operator.simulated.errors import Conflict, TooManyRequests
from tests.operator.simulated.store import Json, Store


def evict(store: Store, pod: Json, asked: Json) -> None:
    """Delete a pod, if it may go.

    Args:
        store: Where it is.
        pod: The pod.
        asked: The Eviction.

    Raises:
        Conflict: It is another pod of this name by now.
        TooManyRequests: A budget does not allow it.
    """
    metadata = pod["metadata"]
    uid = asked.get("deleteOptions", {}).get("preconditions", {}).get("uid", metadata["uid"])
    if uid != metadata["uid"]:
        raise Conflict(f"the UID in the precondition ({uid}) does not match")
    # `unhealthyPodEvictionPolicy: AlwaysAllow`: one that is not ready may always go.
    if is_ready(pod):
        for budget in store.all_of("poddisruptionbudgets", metadata["namespace"]):
            selected = budget["spec"]["selector"]["matchLabels"]
            pods = store.all_of("pods", metadata["namespace"], selected)
            unready = sum(not is_ready(each) for each in pods)
            if metadata["name"] in _names(pods) and unready >= budget["spec"]["maxUnavailable"]:
                raise TooManyRequests(f"the disruption budget {budget['metadata']['name']} is used up")
    store.delete("pods", metadata["namespace"], metadata["name"])


def is_ready(pod: Json) -> bool:
    """Return whether a pod is ready and is not being deleted."""
    conditions = pod.get("status", {}).get("conditions", [])
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return ready and "deletionTimestamp" not in pod["metadata"]


def _names(pods: list[Json]) -> set[str]:
    return {each["metadata"]["name"] for each in pods}

"""What things are called in the cluster: API group, labels, annotations, ports, names of children."""

from collections.abc import Mapping

GROUP = "audiocast.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

FIELD_MANAGER = "audiocast-operator"
ANNOTATION_PREFIX = f"operator.{GROUP}"
FINALIZER = f"{ANNOTATION_PREFIX}/finalizer"
"""Never set today: nothing here needs one. It is named so that kopf's own would not be used by accident."""

SECRET_HASH = f"{ANNOTATION_PREFIX}/secret-hash"
"""On pods: of the Secret that they were started with."""

SECRET_STEP = f"{ANNOTATION_PREFIX}/rotation-step"
SECRET_SINCE = f"{ANNOTATION_PREFIX}/rotation-since"
SECRET_GENERATION = f"{ANNOTATION_PREFIX}/generation"

REVISION_LABEL = "controller-revision-hash"
"""The StatefulSet controller's, on each pod."""

INSTANCE_LABEL = "app.kubernetes.io/instance"
NAME_LABEL = "app.kubernetes.io/name"
COMPONENT_LABEL = "app.kubernetes.io/component"
MANAGED_LABEL = "app.kubernetes.io/managed-by"
MANAGER = "audiocast-operator"

HTTP_PORT = 8000
INTERNAL_PORT = 8001
HTTP_PORT_NAME = "http"
INTERNAL_PORT_NAME = "internal"

SECRET_KEYS = "SECRET_KEYS"
API_TOKENS = "API_TOKENS"
"""Settings of the server, and the keys that they have in the Secret."""


def selector_labels(cast: str) -> dict[str, str]:
    """Give what the pods of an AudioCast are found by; it never changes."""
    return {NAME_LABEL: "audiocast", INSTANCE_LABEL: cast, COMPONENT_LABEL: "server"}


def labels(cast: str) -> dict[str, str]:
    """Give the labels of everything that belongs to an AudioCast."""
    return {**selector_labels(cast), MANAGED_LABEL: MANAGER}


def selector_text(wanted: Mapping[str, str]) -> str:
    """Give labels as the API's query and the scale subresource want them."""
    return ",".join(f"{name}={value}" for name, value in sorted(wanted.items()))


def peers_service(cast: str) -> str:
    """Give the name of the headless Service that members find each other by."""
    return f"{cast}-peers"


def keys_secret(cast: str) -> str:
    """Give the name of the Secret that the operator makes for an AudioCast without one."""
    return f"{cast}-keys"


def ingest_secret(stream: str) -> str:
    """Give the name of the Secret with a Stream's URL and key."""
    return f"{stream}-ingest"

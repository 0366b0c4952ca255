"""Names in the cluster: API group, labels, annotations, ports, and the names of an AudioCast's children."""

from collections.abc import Mapping

GROUP = "audiocast.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

FIELD_MANAGER = "audiocast-operator"
ANNOTATION_PREFIX = f"operator.{GROUP}"

# On a pod: the hash of the Secret that it was started with.
SECRET_HASH = f"{ANNOTATION_PREFIX}/secret-hash"

# On an object that somebody else has made: "true" lets the operator take it over.
ADOPT = f"{GROUP}/adopt"

# On a Secret of somebody else: "true" lets Streams take its entries as access codes.
ACCESS_CODES = f"{GROUP}/access-codes"

# On a Secret of somebody else: "true" lets Streams take its entries as URLs and secrets of webhooks.
WEBHOOK_ANNOTATION = f"{GROUP}/webhooks"

# On the Secret of a Stream's links: when they were made, in Unix seconds, and a MAC over all that they are.
LINKS_MADE = f"{ANNOTATION_PREFIX}/listen-links-made"
LINKS_SEAL = f"{ANNOTATION_PREFIX}/listen-links-seal"

SECRET_STEP = f"{ANNOTATION_PREFIX}/rotation-step"
SECRET_SINCE = f"{ANNOTATION_PREFIX}/rotation-since"
SECRET_GENERATION = f"{ANNOTATION_PREFIX}/generation"

# On a pod, set by the StatefulSet controller.
REVISION_LABEL = "controller-revision-hash"

INSTANCE_LABEL = "app.kubernetes.io/instance"
NAME_LABEL = "app.kubernetes.io/name"
COMPONENT_LABEL = "app.kubernetes.io/component"
# The name of the AudioCast, on all that it consists of.
CAST_LABEL = f"{GROUP}/cast"
MANAGED_LABEL = "app.kubernetes.io/managed-by"
MANAGER = "audiocast-operator"

# The container of the server, and its ports.
SERVER_CONTAINER = "audiocast"
HTTP_PORT = 8000
INTERNAL_PORT = 8001
HTTPS_PORT = 8443
HTTP_PORT_NAME = "http"
INTERNAL_PORT_NAME = "internal"
HTTPS_PORT_NAME = "https"

# Entry of the ConfigMap of rules, and where it is mounted.
RULES_FILE = "streams"
# The one that the server reads beside it.
REVOKED_LINKS_FILE = f"{RULES_FILE}.links"
RULES_FOLDER = "/etc/audiocast/rules"

# Entry of the Secret with the targets of Streams' webhooks, and where it is mounted.
WEBHOOKS_FILE = "targets.json"
WEBHOOKS_FOLDER = "/etc/audiocast/webhooks"

# Settings of the server; their entries in the Secret have the same names.
SECRET_KEYS = "SECRET_KEYS"
API_TOKENS = "API_TOKENS"

# The entries of the Secret that webhooks are told by.
WEBHOOK_ENTRIES = ("WEBHOOK_URLS", "WEBHOOK_SECRETS")


def selector_labels(cast: str) -> dict[str, str]:
    """Return the labels that select the pods of an AudioCast. They never change: a StatefulSet forbids it.

    The component is another one than in the plain chart. So Services and PodDisruptionBudgets of a release
    with the AudioCast's name select none of these pods, and the AudioCast's none of the release's.
    """
    return {
        NAME_LABEL: "audiocast",
        INSTANCE_LABEL: cast,
        COMPONENT_LABEL: "cast-server",
        CAST_LABEL: cast,
    }


def labels(cast: str) -> dict[str, str]:
    """Return the labels that every child of an AudioCast has."""
    return {**selector_labels(cast), MANAGED_LABEL: MANAGER}


def label_selector(wanted: Mapping[str, str]) -> str:
    """Return labels as a selector, in the syntax of API queries and of the scale subresource."""
    return ",".join(f"{name}={value}" for name, value in sorted(wanted.items()))


def peers_service(cast: str) -> str:
    """Return the name of the headless Service by which members find each other."""
    return f"{cast}-peers"


def rules_config(cast: str) -> str:
    """Return the name of the ConfigMap with what holds for streams before anybody says so."""
    return f"{cast}-rules"


def webhooks_secret(cast: str) -> str:
    """Return the name of the Secret with the targets of its Streams' webhooks."""
    return f"{cast}-stream-webhooks"


def keys_secret(cast: str) -> str:
    """Return the name of the Secret that the operator makes when the spec names none."""
    return f"{cast}-keys"


def ingest_secret(stream: str) -> str:
    """Return the name of the Secret that holds a Stream's ingest URL and key."""
    return f"{stream}-ingest"


def listen_links_secret(stream: str) -> str:
    """Return the name of the Secret that holds the links for listeners of a private Stream."""
    return f"{stream}-listen-links"

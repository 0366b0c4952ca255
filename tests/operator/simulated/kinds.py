"""The kinds that the simulated API server has, with what server-side apply knows of their fields."""

from collections.abc import Iterable
from dataclasses import dataclass

from lightkube.models import apps_v1, core_v1, networking_v1, policy_v1

from tests.operator.simulated.fields import UNTYPED, Field, Json, metadata, of_crd, of_model
from tests.operator.simulated.server_side_apply import Kind

ROUGH = Field("fields", dict.fromkeys(("apiVersion", "kind", "spec", "status", "data"), UNTYPED))


@dataclass(frozen=True)
class Served:
    """One kind.

    Attributes:
        version: Its group and version, as in "apps/v1".
        plural: As in URLs.
        name: As in objects.
        is_namespaced: Its objects are in namespaces.
        fields: What server-side apply knows of it.
        subresources: As in "status" and "scale".
        counts_generations: Its objects have a generation, which counts changes of their spec.
    """

    version: str
    plural: str
    name: str
    is_namespaced: bool = True
    fields: Field = ROUGH
    subresources: tuple[str, ...] = ()
    counts_generations: bool = False

    @property
    def group(self) -> str:
        """The group; empty: the core group."""
        return self.version.rpartition("/")[0]

    @property
    def resource(self) -> str:
        """Plural and group, as messages name it: "audiocasts.audiocast.dev"."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def qualified(self) -> str:
        """Kind and group, as messages name it: "StatefulSet.apps"."""
        return f"{self.name}.{self.group}" if self.group else self.name

    @property
    def kind(self) -> Kind:
        """What server-side apply has to know."""
        return Kind(self.version, self.fields, "status" in self.subresources)


_STATUS = ("status",)
_OWN = (
    Served("v1", "configmaps", "ConfigMap", fields=of_model(core_v1.ConfigMap)),
    Served("v1", "events", "Event", fields=of_model(core_v1.Event)),
    Served("v1", "namespaces", "Namespace", False, of_model(core_v1.Namespace), _STATUS),
    Served("v1", "pods", "Pod", True, of_model(core_v1.Pod), (*_STATUS, "eviction"), True),
    Served("v1", "resourcequotas", "ResourceQuota", True, of_model(core_v1.ResourceQuota), _STATUS),
    Served("v1", "secrets", "Secret", fields=of_model(core_v1.Secret)),
    Served("v1", "serviceaccounts", "ServiceAccount", fields=of_model(core_v1.ServiceAccount)),
    Served("v1", "services", "Service", True, of_model(core_v1.Service), _STATUS),
    Served(
        "apps/v1",
        "statefulsets",
        "StatefulSet",
        True,
        of_model(apps_v1.StatefulSet),
        (*_STATUS, "scale"),
        True,
    ),
    Served(
        "policy/v1",
        "poddisruptionbudgets",
        "PodDisruptionBudget",
        True,
        of_model(policy_v1.PodDisruptionBudget),
        _STATUS,
        True,
    ),
    Served(
        "networking.k8s.io/v1", "ingresses", "Ingress", True, of_model(networking_v1.Ingress), _STATUS, True
    ),
    Served(
        "networking.k8s.io/v1",
        "networkpolicies",
        "NetworkPolicy",
        True,
        of_model(networking_v1.NetworkPolicy),
        (),
        True,
    ),
    # kopf waits for this one for ever, and says nothing.
    Served("apiextensions.k8s.io/v1", "customresourcedefinitions", "CustomResourceDefinition", False),
)
# Its CRD is not here: no field of its spec is refused, and its lists are atomic.
POD_MONITOR = Served(
    "monitoring.coreos.com/v1",
    "podmonitors",
    "PodMonitor",
    fields=Field("fields", {**ROUGH.names, "metadata": metadata()}),
    counts_generations=True,
)
# Nor is this one's.
HTTP_ROUTE = Served(
    "gateway.networking.k8s.io/v1",
    "httproutes",
    "HTTPRoute",
    fields=POD_MONITOR.fields,
    counts_generations=True,
)


def served(crds: Iterable[Json]) -> dict[str, Served]:
    """Return all kinds by plural: Kubernetes' own, PodMonitor, HTTPRoute, and those of some CRDs."""
    known = {each.plural: each for each in (*_OWN, POD_MONITOR, HTTP_ROUTE)}
    for crd in crds:
        spec = crd["spec"]
        [version] = spec["versions"]
        names = spec["names"]
        known[names["plural"]] = Served(
            f"{spec['group']}/{version['name']}",
            names["plural"],
            names["kind"],
            True,
            of_crd(version["schema"]["openAPIV3Schema"]),
            tuple(version.get("subresources", {})),
            True,
        )
    return known

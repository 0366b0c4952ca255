"""Applies the children of an AudioCast, all but its Secret, and deletes those that are no longer wanted."""

from audiocast_operator.clients.kube import INGRESS, NETWORK_POLICY, POD_MONITOR, Kube
from audiocast_operator.manifests.monitoring import build_pod_monitor
from audiocast_operator.manifests.network import (
    build_ingress,
    build_network_policy,
    build_peers_service,
    build_service,
)
from audiocast_operator.manifests.owner import Json, Owner
from audiocast_operator.manifests.statefulset import build_pod_disruption_budget, build_statefulset
from audiocast_operator.models.audio_cast import AudioCastSpec
from audiocast_operator.reconcile.observed import PodSecret


class Children:
    """Applies the children of all AudioCasts.

    Args:
        kube: The Kubernetes API.
        cluster_domain: Domain of Kubernetes' DNS, as in "cluster.local".
        operator_namespace: Where the operator runs; empty: beside each AudioCast.
    """

    def __init__(self, kube: Kube, *, cluster_domain: str, operator_namespace: str) -> None:
        self._kube = kube
        self._cluster_domain = cluster_domain
        self._operator_namespace = operator_namespace

    async def apply(self, cast: Owner, spec: AudioCastSpec, *, prune: bool) -> None:
        """Apply all children but the StatefulSet.

        Args:
            cast: The owner.
            spec: Its spec.
            prune: Delete optional children that the spec no longer wants, at the price of a request for each.
        """
        await self._kube.apply(build_service(cast, spec))
        await self._kube.apply(build_peers_service(cast))
        await self._kube.apply(build_pod_disruption_budget(cast))
        for kind, wanted in (
            (INGRESS, build_ingress(cast, spec)),
            (NETWORK_POLICY, build_network_policy(cast, spec, self._operator_namespace)),
            (POD_MONITOR, build_pod_monitor(cast, spec)),
        ):
            if wanted is not None:
                await self._kube.apply(wanted)
            elif prune:
                found = await self._kube.get(kind, cast.namespace, cast.name)
                if found is not None and cast.owns(found):
                    await self._kube.delete(kind, cast.namespace, cast.name)

    async def apply_statefulset(
        self, cast: Owner, spec: AudioCastSpec, secret: PodSecret, replicas: int
    ) -> Json:
        """Apply the StatefulSet; return the object as it is now."""
        return await self._kube.apply(
            build_statefulset(
                cast,
                spec,
                replicas=replicas,
                secret_name=secret.name,
                secret_hash=secret.hash,
                cluster_domain=self._cluster_domain,
            )
        )

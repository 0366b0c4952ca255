"""Applies the children of an AudioCast, all but its Secret, and deletes those that are no longer wanted."""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from audiocast_operator.clients.kube import (
    HTTP_ROUTE,
    INGRESS,
    NETWORK_POLICY,
    POD_MONITOR,
    SERVICE_ACCOUNT,
    Kind,
)
from audiocast_operator.errors import ApiRefused, NotInstalled
from audiocast_operator.manifests.monitoring import build_pod_monitor
from audiocast_operator.manifests.network import (
    build_http_route,
    build_ingress,
    build_network_policy,
    build_peers_service,
    build_service,
)
from audiocast_operator.manifests.owner import Json, Owner
from audiocast_operator.manifests.pod import build_service_account
from audiocast_operator.manifests.statefulset import build_pod_disruption_budget, build_statefulset
from audiocast_operator.models.audio_cast import AudioCastSpec
from audiocast_operator.reconcile.claims import Ownership
from audiocast_operator.reconcile.observed import PodSecret


class Children:
    """Applies the children of all AudioCasts.

    Args:
        claims: Writes children.
        cluster_domain: Domain of Kubernetes' DNS, as in "cluster.local".
        operator_namespace: Where the operator runs; empty: beside each AudioCast.
    """

    def __init__(self, claims: Ownership, *, cluster_domain: str, operator_namespace: str) -> None:
        self._claims = claims
        self._cluster_domain = cluster_domain
        self._operator_namespace = operator_namespace

    def steps(
        self, cast: Owner, spec: AudioCastSpec, *, replicas: int | None, prune: bool
    ) -> Iterator[Awaitable[None]]:
        """Yield a step for each child but the StatefulSet. None of them needs another one.

        Args:
            cast: The owner.
            spec: Its spec.
            replicas: How many pods the StatefulSet asks for; None: it is not known.
            prune: Delete optional children that the spec no longer wants, at the price of a request for each.
        """
        apply = partial(self._apply, cast, spec)
        tidy = self._delete if prune else None
        yield apply(lambda: build_service(cast, spec))
        yield apply(lambda: build_peers_service(cast, spec))
        if replicas is not None:
            yield apply(lambda: build_pod_disruption_budget(cast, replicas))
        yield apply(lambda: build_service_account(cast, spec), SERVICE_ACCOUNT, tidy)
        yield apply(lambda: build_ingress(cast, spec), INGRESS, tidy)
        yield apply(lambda: build_http_route(cast, spec), HTTP_ROUTE, tidy)
        policy = partial(build_network_policy, cast, spec, self._operator_namespace)
        yield apply(policy, NETWORK_POLICY, tidy)
        yield apply(lambda: build_pod_monitor(cast, spec), POD_MONITOR, tidy)

    async def _apply(
        self,
        cast: Owner,
        spec: AudioCastSpec,
        build: Callable[[], Json | None],
        kind: Kind | None = None,
        tidy: Callable[[Owner, Kind], Awaitable[None]] | None = None,
    ) -> None:
        """Apply a child, or take it away if it is not wanted. A bug in building it is its own."""
        wanted = build()
        if wanted is not None:
            try:
                await self._claims.apply(cast, _labelled(wanted, spec))
            except NotInstalled as error:
                if kind != HTTP_ROUTE:
                    raise
                # It is no extra, as a monitor is: nobody gets in without it.
                raise ApiRefused(str(error)) from error
        elif kind is not None and tidy is not None:
            await tidy(cast, kind)

    async def _delete(self, cast: Owner, kind: Kind) -> None:
        await self._claims.delete(cast, kind, cast.name)

    async def apply_statefulset(
        self, cast: Owner, spec: AudioCastSpec, secret: PodSecret, replicas: int
    ) -> Json:
        """Apply the StatefulSet; return the object as it is now."""
        wanted = build_statefulset(
            cast,
            spec,
            replicas=replicas,
            secret_name=secret.name,
            secret_hash=secret.hash,
            cluster_domain=self._cluster_domain,
        )
        return await self._claims.apply(cast, _labelled(wanted, spec))


def _labelled(wanted: Json, spec: AudioCastSpec) -> Json:
    """Return an object with the labels that the spec wants on all of them. The operator's own come first."""
    metadata = wanted["metadata"]
    return {**wanted, "metadata": {**metadata, "labels": {**spec.common_labels, **metadata["labels"]}}}

"""What the EndpointSlices of a Service say: where members may be.

Pure: the API server's objects in, addresses out. Kubernetes API reference, discovery.k8s.io/v1. A Service has
a slice for each address family and each hundred pods; for a moment a pod may be in two of them. Of an
endpoint's conditions

    ready        not looked at: always true when the Service publishes addresses that are not ready
    serving      the pod's readiness probe answers; unknown (null, or not there) means yes
    terminating  the pod was told to stop; unknown means no
"""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from audiocast.cluster.errors import BadMessage, Refused
from audiocast.cluster.protocol import format_address

# The third address type, FQDN, is deprecated and never made of pods.
FAMILIES = ("IPv4", "IPv6")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A pod, as one slice sees it.

    Attributes:
        host: IP address.
        is_serving: The pod is ready.
        is_terminating: The pod was told to stop.
    """

    host: str
    is_serving: bool
    is_terminating: bool

    @classmethod
    def parse(cls, said: object) -> Self:
        """Check a JSON value.

        Raises:
            BadMessage: It is not an endpoint.
        """
        # The reference: any one of several addresses may be used.
        match said:
            case {"addresses": [str(address), *_], "conditions": dict(conditions)}:
                pass
            case {"addresses": [str(address), *_]}:
                conditions = {}
            case _:
                raise BadMessage(f"expected an endpoint with addresses, got {str(said)[:200]}")
        try:
            ipaddress.ip_address(address)
        except ValueError as error:
            raise BadMessage(f"expected an IP address, got {address[:100]!r}") from error
        return cls(
            host=address,
            is_serving=conditions.get("serving") is not False,
            is_terminating=conditions.get("terminating") is True,
        )


@dataclass(frozen=True, slots=True)
class EndpointSlice:
    """Some pods of a Service.

    Attributes:
        endpoints: The pods.
        ports: Port numbers of each pod, by name; an only port may have the name "".
    """

    endpoints: tuple[Endpoint, ...]
    ports: Mapping[str, int]

    @classmethod
    def parse(cls, said: Mapping[str, Any]) -> Self:
        """Check a JSON object, in which empty lists may be null.

        Raises:
            BadMessage: It is not a slice.
        """
        endpoints, ports = said.get("endpoints") or [], said.get("ports") or []
        if not isinstance(endpoints, list) or not isinstance(ports, list):
            raise BadMessage(f"expected lists of endpoints and ports, got {str(said)[:200]}")
        if said.get("addressType") not in FAMILIES:
            endpoints = []
        numbers = {}
        for each in ports:
            match each:
                case {"port": int(number)} if 0 < number < 65_536:
                    numbers[str(each.get("name") or "")] = number
                case _:
                    raise BadMessage(f"expected a port with a number, got {str(each)[:200]}")
        return cls(tuple(map(Endpoint.parse, endpoints)), numbers)


class EndpointSlices:
    """All slices of one Service: listed once, then changed by the events of a watch."""

    def __init__(self) -> None:
        self._slices: dict[str, EndpointSlice] = {}

    def replace(self, said: object) -> str:
        """Replace all slices.

        Args:
            said: An EndpointSliceList, as JSON.

        Returns:
            The list's resource version, where a watch begins.

        Raises:
            BadMessage: It is not a list of slices.
        """
        match said:
            case {"metadata": {"resourceVersion": str(version)}, "items": list() | None as items}:
                slices = {_name(each): EndpointSlice.parse(each) for each in items or []}
            case _:
                raise BadMessage(f"expected a list of EndpointSlices, got {str(said)[:200]}")
        self._slices = slices
        return version

    def apply(self, said: object) -> str:
        """Apply an event of a watch.

        Args:
            said: The event, as JSON.

        Returns:
            The event's resource version, where the next watch begins.

        Raises:
            BadMessage: It is not an event.
            Refused: The API server ends the watch; status 410: the version is too old, list anew.
        """
        match said:
            case {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": str(version)}}}:
                pass
            case {
                "type": "ADDED" | "MODIFIED",
                "object": {"metadata": {"resourceVersion": str(version)}} as changed,
            }:
                self._slices[_name(changed)] = EndpointSlice.parse(changed)
            case {"type": "DELETED", "object": {"metadata": {"resourceVersion": str(version)}} as gone}:
                self._slices.pop(_name(gone), None)
            case {"type": "ERROR", "object": {"code": int(code)} as status}:
                raise Refused(code, str(status.get("reason", "")), str(status.get("message", ""))[:300])
            case _:
                raise BadMessage(f"expected an event of a watch, got {str(said)[:200]}")
        return version

    def addresses(self, port: int | str) -> list[str]:
        """Return the addresses of the pods that serve and do not terminate.

        While none serves, as when all of them start, return those of the pods that do not terminate.

        Args:
            port: A number, or the name of one of the Service's ports.

        Returns:
            "host:port" of each, in no particular order.
        """
        staying = [(each, number) for each, number in self._located(port) if not each.is_terminating]
        serving = [(each, number) for each, number in staying if each.is_serving]
        return list(dict.fromkeys(format_address(each.host, number) for each, number in serving or staying))

    @property
    def port_names(self) -> set[str]:
        """Names of ports that any slice has."""
        return {name for each in self._slices.values() for name in each.ports}

    def __len__(self) -> int:
        """Return how many endpoints all slices have together."""
        return sum(len(each.endpoints) for each in self._slices.values())

    def _located(self, port: int | str) -> Iterator[tuple[Endpoint, int]]:
        for each in self._slices.values():
            number = port if isinstance(port, int) else each.ports.get(port)
            if number is not None:
                yield from ((endpoint, number) for endpoint in each.endpoints)


def _name(said: object) -> str:
    match said:
        case {"metadata": {"name": str(name)}}:
            return name
    raise BadMessage(f"expected an EndpointSlice with a name, got {str(said)[:200]}")

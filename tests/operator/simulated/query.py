"""What a query asks for: numbers, selectors and pages, refused as the API server refuses them.

The errors are those that Kubernetes 1.36.2 was seen to answer (tests/operator/kubernetes-exchanges.json).
"""

import base64
import binascii
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.operator.simulated.errors import BadRequest, ServerError

Json = dict[str, Any]

# Parameters that are int64 (ListOptions of apimachinery's meta/v1).
WHOLE_NUMBERS = ("limit", "timeoutSeconds")
LABEL_REQUIREMENT = re.compile(
    r"([A-Za-z0-9][-A-Za-z0-9_./]*)(?:(==?|!=)([-A-Za-z0-9_.]*))?|!([-A-Za-z0-9_./]+)"
)
# All kinds have these two; of pods also those of `ToSelectableFields` (pkg/registry/core/pod/strategy.go).
FIELDS = {"metadata.name": "name", "metadata.namespace": "namespace"}
MORE_FIELDS = {"pods": ("spec.nodeName", "spec.restartPolicy", "status.phase", "status.podIP")}


@dataclass(frozen=True)
class Query:
    """What a list or a watch asks for.

    Attributes:
        is_watch: Changes are asked for.
        timeout_seconds: How long a watch lasts; 0: as the server likes.
        limit: Most objects of a page; 0: all.
        start: Name of the object that a page begins after; empty: the first page.
        version: From which resourceVersion a watch tells; 0: all objects first.
        wants_bookmarks: A watch tells how far it is.
        selects: Returns whether an object is asked for.
    """

    is_watch: bool
    timeout_seconds: int
    limit: int
    start: str
    version: int
    wants_bookmarks: bool
    selects: Callable[[Json], bool]


def parse(plural: str, argument: Callable[[str, str], str]) -> Query:
    """Parse a query.

    Args:
        plural: Plural of the kind.
        argument: Returns a parameter, or its default.

    Raises:
        BadRequest: A parameter is not of its type.
        ServerError: The resourceVersion is no number.
    """
    numbers = {name: _whole(argument(name, "0")) for name in WHOLE_NUMBERS}
    is_watch = argument("watch", "") in ("1", "true")
    version = argument("resourceVersion", "0") or "0"
    if not re.fullmatch(r"\d{1,19}", version, re.ASCII):
        told = f'Invalid value: "{version}": strconv.ParseUint: parsing "{version}": invalid syntax'
        raise ServerError(f"resourceVersion: {told}")
    labels, fields = _labels(argument("labelSelector", "")), _fields(plural, argument("fieldSelector", ""))
    return Query(
        is_watch=is_watch,
        timeout_seconds=numbers["timeoutSeconds"],
        limit=numbers["limit"],
        start=_start(argument("continue", "")),
        version=int(version),
        wants_bookmarks=argument("allowWatchBookmarks", "") in ("1", "true"),
        selects=lambda each: labels(each) and fields(each),
    )


def continue_after(name: str) -> str:
    """Return the token that the next page is asked for with."""
    return base64.urlsafe_b64encode(json.dumps({"v": "meta.k8s.io/v1", "start": name}).encode()).decode()


def _whole(text: str) -> int:
    if not re.fullmatch(r"-?\d{1,18}", text, re.ASCII):
        raise BadRequest(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return int(text)


def _start(token: str) -> str:
    if not token:
        return ""
    try:
        return str(json.loads(base64.urlsafe_b64decode(token + "=="))["start"])
    except (ValueError, binascii.Error, KeyError, TypeError) as error:
        raise BadRequest(f"invalid continue token: continue key is not valid: {error}") from error


def _labels(selector: str) -> Callable[[Json], bool]:
    """Return what a label selector selects. Those with sets (`in`, `notin`) are refused."""
    rules: list[Callable[[dict[str, str]], bool]] = []
    for each in filter(None, selector.split(",")):
        found = LABEL_REQUIREMENT.fullmatch(each.strip())
        if found is None:
            raise BadRequest(f"unable to parse requirement: {each}")
        key, sign, value, absent = found.groups()
        rules.append(_rule(key, sign, value, absent))
    return lambda each: all(rule(each["metadata"].get("labels", {})) for rule in rules)


def _rule(
    key: str, sign: str | None, value: str | None, absent: str | None
) -> Callable[[dict[str, str]], bool]:
    if absent:
        return lambda labels: absent not in labels
    if sign is None:
        return lambda labels: key in labels
    if sign == "!=":
        return lambda labels: labels.get(key) != value
    return lambda labels: labels.get(key) == value


def _fields(plural: str, selector: str) -> Callable[[Json], bool]:
    rules: list[tuple[str, str]] = []
    for each in filter(None, selector.split(",")):
        name, sign, value = each.partition("=")
        if not sign or (name not in FIELDS and name not in MORE_FIELDS.get(plural, ())):
            raise BadRequest(f"field label not supported: {name}")
        if name not in FIELDS:
            raise BadRequest(f"not simulated: {name}")
        rules.append((FIELDS[name], value))
    return lambda each: all(each["metadata"].get(name, "") == value for name, value in rules)

"""Parts of manifests, out of parts of a spec."""

from collections.abc import Sequence
from typing import Any

from audiocast_operator.manifests.owner import Json
from audiocast_operator.models.base import ResourceModel


def given(**fields: Any) -> Json:
    """Return the fields that have a value. What is empty, false, 0 or None is left to Kubernetes."""
    return {name: value for name, value in fields.items() if value}


def plain(parts: Sequence[ResourceModel]) -> list[Json]:
    """Return parts of a spec as they were given."""
    return [each.model_dump(mode="json", by_alias=True, exclude_unset=True) for each in parts]


def put_over(default: Json, over: Json) -> Json:
    """Return a default with something put over it, map by map, as Helm does with values."""
    merged = dict(default)
    for name, value in over.items():
        known = merged.get(name)
        if isinstance(known, dict) and isinstance(value, dict):
            value = put_over(known, value)
        merged[name] = value
    return merged

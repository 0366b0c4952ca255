"""Base classes of the custom resources' models: camelCase names, and marks for the CRD's schema.

The models are the one source of a CRD's fields; `crd` builds the schema from them.
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

VALIDATIONS = "x-kubernetes-validations"
PRESERVE = "x-kubernetes-preserve-unknown-fields"


class ResourceModel(BaseModel):
    """Part of a custom resource.

    The API server validates an object before the operator sees it, and drops what the CRD does not know.
    Unknown fields therefore come from a newer CRD, and are ignored.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


class StatusModel(ResourceModel):
    """Part of a status. The operator writes a status whole, without the fields that it does not know."""

    def as_json(self) -> dict[str, Any]:
        """Return the JSON that the API takes."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def validation_rules(*pairs: tuple[str, str]) -> dict[str, Any]:
    """Return the schema's mark for validation rules.

    Args:
        pairs: A rule in CEL and the message when it does not hold.
    """
    return {VALIDATIONS: [{"rule": rule, "message": message} for rule, message in pairs]}


IMMUTABLE = validation_rules(("self == oldSelf", "cannot be changed; make another object"))

# Marks one of Kubernetes' own objects, whose schema only the API server knows.
UNTYPED: dict[str, Any] = {PRESERVE: True}


# Marks an object that is written whole, so that no two writers each write a part of it.
ATOMIC: dict[str, Any] = {"x-kubernetes-map-type": "atomic"}


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("expected a time with its offset, as in 2030-01-31T20:00:00Z")
    return value


# A moment, as everywhere in Kubernetes: RFC 3339 with an offset.
Time = Annotated[datetime, AfterValidator(_aware)]

"""What the models of both custom resources are made of: camelCase names, and marks for the CRD's schema.

The models are the one source of a CRD's fields: `crd` makes the schema of them.
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

VALIDATIONS = "x-kubernetes-validations"
PRESERVE = "x-kubernetes-preserve-unknown-fields"


class Fields(BaseModel):
    """Fields of a custom resource.

    The API server has checked an object before anyone sees it and drops what the CRD does not know; so a
    newer CRD's fields are passed over here.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


class Status(Fields):
    """What the operator tells. Written whole, without what is not known."""

    def as_json(self) -> dict[str, Any]:
        """Give it as the API takes it."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def rules(*pairs: tuple[str, str]) -> dict[str, Any]:
    """Give the schema's mark for rules in CEL.

    Args:
        pairs: Each a rule, and what is said when it does not hold.
    """
    return {VALIDATIONS: [{"rule": rule, "message": message} for rule, message in pairs]}


IMMUTABLE = rules(("self == oldSelf", "cannot be changed; make another object"))

FREE: dict[str, Any] = {PRESERVE: True}
"""Marks an object of Kubernetes' own, whose schema is the API server's business."""


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("expected a time with its offset, as in 2030-01-31T20:00:00Z")
    return value


Time = Annotated[datetime, AfterValidator(_aware)]
"""A moment; RFC 3339 with an offset, as everywhere in Kubernetes."""

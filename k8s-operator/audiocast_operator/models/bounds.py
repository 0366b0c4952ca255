"""Types of fields with their bounds, which are Kubernetes' own where it has some.

Without bounds an API server could not say how long a rule takes, and one object could fill it.
"""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints

from audiocast_operator.models.base import UNTYPED, ResourceModel

# Names of objects, and hosts: RFC 1123.
Name = Annotated[str, StringConstraints(max_length=253)]
# Names of containers, volumes and namespaces, and values of labels.
Word = Annotated[str, StringConstraints(max_length=63)]
Text = Annotated[str, StringConstraints(max_length=1024)]
# All annotations of an object are at most 256 KiB.
Annotation = Annotated[str, StringConstraints(max_length=16_384)]

Labels = Annotated[dict[str, Word], Field(max_length=64)]
Annotations = Annotated[dict[str, Annotation], Field(max_length=64)]

# One of Kubernetes' own objects. Its fields are the pod API's, some hundreds, and others with each version:
# the API server checks them when the StatefulSet is applied.
Embedded = Annotated[dict[str, Any], Field(json_schema_extra=UNTYPED)]


class EmbeddedModel(ResourceModel):
    """One of the pod API's own objects. The CRD knows a few of its fields, and keeps the others."""

    model_config = ConfigDict(extra="allow", json_schema_extra=UNTYPED)


def keyed_by(name: str) -> dict[str, Any]:
    """Return the schema's mark for a list whose items differ in a field; the API server refuses two alike."""
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [name]}

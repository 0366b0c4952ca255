"""Whom a child belongs to: it goes when its owner goes, by Kubernetes' own garbage collection."""

from dataclasses import dataclass
from typing import Any

from audiocast_operator.names import API_VERSION

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Owner:
    """An AudioCast or a Stream, as its children see it.

    Attributes:
        kind: Of the object.
        namespace: Of the object, and of its children.
        name: Of the object.
        uid: Of the object.
    """

    kind: str
    namespace: str
    name: str
    uid: str

    @classmethod
    def of(cls, raw: Json) -> "Owner":
        """Read it from an object of the API."""
        metadata = raw["metadata"]
        return cls(raw["kind"], metadata["namespace"], metadata["name"], metadata["uid"])

    def child(self, api_version: str, kind: str, name: str, labels: dict[str, str], **parts: Any) -> Json:
        """Give a child.

        Args:
            api_version: Of the child.
            kind: Of the child.
            name: Of the child.
            labels: Of the child.
            parts: What it has beside its metadata; `annotations` go there too.
        """
        metadata: Json = {
            "name": name,
            "namespace": self.namespace,
            "labels": labels,
            "ownerReferences": [
                {
                    "apiVersion": API_VERSION,
                    "kind": self.kind,
                    "name": self.name,
                    "uid": self.uid,
                    "controller": True,
                    "blockOwnerDeletion": False,
                }
            ],
        }
        if annotations := parts.pop("annotations", None):
            metadata["annotations"] = annotations
        return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **parts}

    def owns(self, raw: Json) -> bool:
        """Say whether an object is a child of this owner; nobody else's is ever deleted."""
        return any(each.get("uid") == self.uid for each in raw["metadata"].get("ownerReferences", []))

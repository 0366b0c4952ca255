"""The owner of children: Kubernetes' garbage collection deletes them with it."""

from dataclasses import dataclass
from typing import Any

from audiocast_operator.names import API_VERSION

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Owner:
    """The identity of an AudioCast or a Stream, which its children refer to.

    Attributes:
        kind: "AudioCast" or "Stream".
        namespace: Namespace of the owner, and so of its children.
        name: Name of the owner.
        uid: Uid of the owner; another object of the same name has another one.
    """

    kind: str
    namespace: str
    name: str
    uid: str

    @classmethod
    def from_object(cls, raw: Json) -> "Owner":
        """Return the identity of an object of the API."""
        metadata = raw["metadata"]
        return cls(raw["kind"], metadata["namespace"], metadata["name"], metadata["uid"])

    def build_child(
        self, api_version: str, kind: str, name: str, labels: dict[str, str], **parts: Any
    ) -> Json:
        """Return the manifest of a child.

        Args:
            api_version: API version of the child's kind.
            kind: The child's kind.
            name: The child's name.
            labels: The child's labels.
            parts: The child's fields beside its metadata; `annotations` go into the metadata.
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
        """Return whether this owner is the controller of an object. Labels and names say nothing of it."""
        return controller_uid(raw) == self.uid


def controller_of(raw: Json) -> Json | None:
    """Return the reference to an object's controller, its one owner that changes it; None without one."""
    owners = raw["metadata"].get("ownerReferences") or []
    return next((each for each in owners if each.get("controller")), None)


def controller_uid(raw: Json) -> str:
    """Return the uid of an object's controller; empty without one."""
    return str((controller_of(raw) or {}).get("uid", ""))

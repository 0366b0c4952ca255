"""What belongs to whom: nothing is written over, or deleted, that the operator has not made or was given.

An object belongs to an AudioCast or a Stream when that is its controller, by uid. A name or a label says
nothing: somebody else may have chosen the same.
"""

from audiocast_operator.clients.kube import Kind, Kube
from audiocast_operator.errors import NameTaken, NotInstalled
from audiocast_operator.manifests.owner import Json, Owner, controller_of
from audiocast_operator.names import ADOPT


class Ownership:
    """Writes and deletes children of all owners.

    Args:
        kube: The Kubernetes API.
    """

    def __init__(self, kube: Kube) -> None:
        self._kube = kube

    async def get(self, owner: Owner, kind: Kind, name: str) -> Json | None:
        """Return a child; None when there is none.

        Raises:
            NameTaken: An object of somebody else has this name.
            OperatorError: It cannot be read.
        """
        found = await self._kube.get(kind, owner.namespace, name)
        if found is not None and not owner.owns(found):
            _check_adoption(owner, found)
        return found

    async def apply(self, owner: Owner, wanted: Json) -> Json:
        """Create or change a child; return it as it is now.

        Raises:
            NameTaken: An object of somebody else has this name. It is left as it is.
            OperatorError: It cannot be read or written.
        """
        found = await self.get(owner, (wanted["apiVersion"], wanted["kind"]), wanted["metadata"]["name"])
        return await self._kube.apply(wanted, found["metadata"]["uid"] if found else "")

    async def delete(self, owner: Owner, kind: Kind, name: str) -> None:
        """Delete a child, if there is one. An object of somebody else stays.

        Raises:
            OperatorError: It cannot be read or deleted.
        """
        try:
            found = await self._kube.get(kind, owner.namespace, name)
        except NotInstalled:
            # Of such a kind there is nothing.
            return
        if found is not None and owner.owns(found):
            await self._kube.delete(kind, owner.namespace, name)


def _check_adoption(owner: Owner, found: Json) -> None:
    """Raise NameTaken, unless the object's maker lets the operator have it and no controller does."""
    shown = f"{found['kind']} {found['metadata']['name']}"
    controller = controller_of(found)
    if controller is not None:
        theirs = f"{controller.get('kind')} {controller.get('name')}"
        raise NameTaken(f"{shown} belongs to {theirs} and is left as it is; {owner.kind} needs this name")
    if (found["metadata"].get("annotations") or {}).get(ADOPT) != "true":
        raise NameTaken(
            f"{shown} was not made by the operator and is left as it is; "
            f"delete it, or let the operator have it: kubectl annotate {shown} {ADOPT}=true"
        )

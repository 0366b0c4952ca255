"""Holds objects against Kubernetes' own schemas (the package kubernetes-validate).

Owns what was read of the schemas, for the whole process: the package would parse megabytes of definitions,
and ask the disk which versions there are, for every object.
"""

from functools import cache
from typing import Any

import kubernetes_validate
from kubernetes_validate import utils

utils.schema_contents = cache(utils.schema_contents)
utils.all_versions = cache(utils.all_versions)


def complaint_of_schema(manifest: dict[str, Any], version: str) -> str | None:
    """Return what of an object is not as its schema says.

    Args:
        manifest: With `apiVersion` and `kind`.
        version: Of Kubernetes, as in "1.36".

    Returns:
        Empty when nothing is wrong; None when that Kubernetes has no such kind of its own.
    """
    try:
        kubernetes_validate.validate(manifest, version, strict=True)
    except kubernetes_validate.SchemaNotFoundError:
        return None
    except kubernetes_validate.ValidationError as error:
        return str(error)
    return ""

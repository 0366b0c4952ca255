"""Holds objects against Kubernetes' own schemas, version by version, and custom resources against theirs."""

import json
from functools import cache

import kubernetes_validate

from tests.helm.chart import Manifest
from tests.helm.custom_resources import complaint_of_custom_resource

KUBERNETES = ["1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36", "1.37"]


def complaints_of(manifests: list[Manifest]) -> list[str]:
    """Give what is wrong with some objects, for each Kubernetes that is supported."""
    return [
        f"{manifest['kind']}, Kubernetes {version}: {complaint}"
        for manifest in manifests
        for version in KUBERNETES
        if (complaint := _complaint_of(json.dumps(manifest, sort_keys=True), version))
    ]


@cache
def _complaint_of(manifest_json: str, version: str) -> str:
    """Hold an object against the schema of a Kubernetes; once, since many examples make the same one."""
    manifest = json.loads(manifest_json)
    try:
        kubernetes_validate.validate(manifest, version, strict=True)
    except kubernetes_validate.SchemaNotFoundError:
        return complaint_of_custom_resource(manifest)
    except kubernetes_validate.ValidationError as error:
        return str(error)
    return ""

"""Holds objects against Kubernetes' own schemas, version by version, and custom resources against theirs."""

import json
from functools import cache

from tests.helm.chart import Manifest
from tests.helm.custom_resources import complaint_of_custom_resource
from tests.support.kubernetes.schemas import complaint_of_schema

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
    complaint = complaint_of_schema(manifest, version)
    return complaint_of_custom_resource(manifest) if complaint is None else complaint

"""What Kubernetes' own schemas do not know: objects of Prometheus' operator, of KEDA, of the Gateway API.

The models of the first two forget what they do not know, so what is left of an object is held against it. Of
the Gateway API only an HTTPRoute is made, and its shape is written down here, after its specification.
"""

from functools import cache
from importlib import import_module
from typing import Any

import jsonschema
from pydantic import BaseModel, ValidationError

from tests.helm.chart import Manifest

# Where the models of cloudcoil are. Their import takes seconds, and each process of a run collects all tests.
MODELS = {
    "monitoring.coreos.com/v1": "cloudcoil.models.prometheus_operator.v1",
    "keda.sh/v1alpha1": "cloudcoil.models.keda.v1alpha1",
}

_TEXT = {"type": "string", "minLength": 1}
_DURATION = {"type": "string", "pattern": r"^([0-9]{1,5}(h|m|s|ms)){1,4}$"}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": properties,
    }


def _list(items: dict[str, Any], at_most: int = 16) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "maxItems": at_most, "items": items}


HTTP_ROUTE = _object(
    ["apiVersion", "kind", "metadata", "spec"],
    apiVersion={"pattern": r"^gateway\.networking\.k8s\.io/v1(beta1)?$"},
    kind={"const": "HTTPRoute"},
    metadata={"type": "object"},
    spec=_object(
        ["parentRefs", "rules"],
        parentRefs=_list(
            _object(["name"], name=_TEXT, namespace=_TEXT, sectionName=_TEXT, port={"type": "integer"}), 32
        ),
        hostnames=_list({"type": "string", "pattern": r"^(\*\.)?[a-z0-9.-]+$"}),
        rules=_list(
            _object(
                ["matches", "backendRefs"],
                matches=_list(
                    _object(
                        ["path"],
                        path=_object(
                            ["type", "value"],
                            type={"enum": ["Exact", "PathPrefix", "RegularExpression"]},
                            value={"type": "string", "pattern": "^/"},
                        ),
                    ),
                    64,
                ),
                filters=_list({"type": "object", "required": ["type"]}),
                timeouts=_object([], request=_DURATION, backendRequest=_DURATION),
                backendRefs=_list(
                    _object(["name", "port"], name=_TEXT, port={"type": "integer", "maximum": 65535})
                ),
            )
        ),
    ),
)


def complaint_of_custom_resource(manifest: Manifest) -> str:
    """Hold an object against its definition; give what is wrong, nothing when all is well."""
    if manifest["kind"] == "HTTPRoute":
        wrong = jsonschema.Draft202012Validator(HTTP_ROUTE).iter_errors(manifest)
        return "; ".join(f"{error.json_path}: {error.message}" for error in wrong)
    model = _model(manifest["apiVersion"], manifest["kind"])
    if model is None:
        return f"expected a kind that is known, got {manifest['kind']}"
    try:
        kept = model.model_validate(manifest).model_dump(mode="json", by_alias=True, exclude_unset=True)
    except ValidationError as error:
        return str(error)
    return ", ".join(_lost(manifest, kept, ""))


@cache
def _model(version: str, kind: str) -> type[BaseModel] | None:
    if version not in MODELS:
        return None
    model = getattr(import_module(MODELS[version]), kind, None)
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def _lost(given: Any, kept: Any, path: str) -> list[str]:
    """Give the paths of what a model has not kept."""
    if isinstance(given, dict) and isinstance(kept, dict):
        return [
            lost
            for name, each in given.items()
            for lost in (_lost(each, kept[name], f"{path}.{name}") if name in kept else [f"{path}.{name}"])
        ]
    if isinstance(given, list) and isinstance(kept, list):
        return [
            lost
            for number, (one, other) in enumerate(zip(given, kept, strict=True))
            for lost in _lost(one, other, f"{path}[{number}]")
        ]
    return []

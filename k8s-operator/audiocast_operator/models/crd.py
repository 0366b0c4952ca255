"""Builds the CustomResourceDefinitions from the models. Pure.

A CRD needs a "structural" schema: no references, no titles, no null beside a type, and defaults only where
they are objects or values. pydantic's schema is rewritten into that form.
"""

from typing import Any

from pydantic import BaseModel

from audiocast_operator.models.audio_cast import AudioCastSpec, AudioCastStatus
from audiocast_operator.models.stream import StreamSpec, StreamStatus
from audiocast_operator.names import GROUP, VERSION

Json = dict[str, Any]

KEPT = (
    "description",
    "enum",
    "format",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "pattern",
    "type",
)
KEPT_PREFIX = "x-kubernetes-"

# NAME-peers must be the name of a Service, and NAME-0-REVISION fit into a label of 63 characters.
AUDIOCAST_NAME = {"type": "string", "maxLength": 48, "pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$"}

# NAME-listen-links must be the name of a Secret.
STREAM_NAME = {"type": "string", "maxLength": 240}


def build_crds() -> list[Json]:
    """Return both CRDs, AudioCast first."""
    return [build_audiocast_crd(), build_stream_crd()]


def build_audiocast_crd() -> Json:
    """Return the CRD of AudioCast, `ac` for short."""
    return _crd(
        "AudioCast",
        "audiocasts",
        "ac",
        "A cluster of audiocast servers: live audio for any number of listeners.",
        (AudioCastSpec, AudioCastStatus),
        AUDIOCAST_NAME,
        subresources={
            "status": {},
            "scale": {
                "specReplicasPath": ".spec.replicas",
                "statusReplicasPath": ".status.replicas",
                "labelSelectorPath": ".status.selector",
            },
        },
        columns=[
            ("Ready", "string", ".status.ready", 0),
            ("Listeners", "integer", ".status.listeners", 0),
            ("Live", "integer", ".status.liveStreams", 0),
            ("Available", "string", '.status.conditions[?(@.type=="Available")].status', 0),
            ("Degraded", "string", '.status.conditions[?(@.type=="Degraded")].status', 0),
            ("Draining", "string", ".status.drain.pod", 1),
            ("Image", "string", ".spec.image", 1),
            ("Age", "date", ".metadata.creationTimestamp", 0),
        ],
    )


def build_stream_crd() -> Json:
    """Return the CRD of Stream, `acs` for short."""
    return _crd(
        "Stream",
        "streams",
        "acs",
        "A stream with a name of its own, and a Secret with its ingest URL and key.",
        (StreamSpec, StreamStatus),
        STREAM_NAME,
        subresources={"status": {}},
        columns=[
            ("ID", "string", ".spec.id", 0),
            ("Phase", "string", ".status.phase", 0),
            ("Listeners", "integer", ".status.listeners", 0),
            ("Since", "date", ".status.since", 0),
            ("Owner", "string", ".status.owner", 1),
            ("Ended", "date", ".status.ended.at", 1),
            ("Listen", "string", ".status.listenUrl", 1),
            ("Age", "date", ".metadata.creationTimestamp", 0),
        ],
    )


def _crd(
    kind: str,
    plural: str,
    short: str,
    description: str,
    models: tuple[type[BaseModel], type[BaseModel]],
    name: Json,
    *,
    subresources: Json,
    columns: list[tuple[str, str, str, int]],
) -> Json:
    spec, status = models
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": plural,
                "singular": kind.lower(),
                "shortNames": [short],
                "categories": ["audiocast"],
            },
            "scope": "Namespaced",
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": subresources,
                    "additionalPrinterColumns": [
                        {
                            "name": title,
                            "type": kind_of,
                            "jsonPath": path,
                            **({"priority": 1} if wide else {}),
                        }
                        for title, kind_of, path, wide in columns
                    ],
                    "schema": {
                        "openAPIV3Schema": {
                            "description": description,
                            "type": "object",
                            "required": ["spec"],
                            "properties": {
                                "apiVersion": {"type": "string"},
                                "kind": {"type": "string"},
                                "metadata": {"type": "object", "properties": {"name": name}},
                                "spec": structural_schema(spec),
                                "status": structural_schema(status),
                            },
                        }
                    },
                }
            ],
        },
    }


def structural_schema(model: type[BaseModel]) -> Json:
    """Return the structural schema of a model."""
    written = model.model_json_schema(by_alias=True)
    return _structural(written, written.get("$defs", {}))


def _structural(written: Json, definitions: Json) -> Json:
    if "$ref" in written:
        name = written["$ref"].rpartition("/")[2]
        return _structural({**definitions[name], **_without(written, "$ref")}, definitions)
    if "anyOf" in written:
        [kind] = [each for each in written["anyOf"] if each.get("type") != "null"]
        return _structural({**kind, **_without(written, "anyOf", "default")}, definitions)
    schema = {name: value for name, value in written.items() if name in KEPT or name.startswith(KEPT_PREFIX)}
    if written.get("default") not in (None, ""):
        schema["default"] = written["default"]
    if "properties" in written:
        schema["properties"] = {
            name: _property(each, definitions) for name, each in written["properties"].items()
        }
        if written.get("required"):
            schema["required"] = sorted(written["required"])
    elif isinstance(written.get("additionalProperties"), dict):
        schema["additionalProperties"] = _structural(written["additionalProperties"], definitions)
        if "maxProperties" in written:
            schema["maxProperties"] = written["maxProperties"]
    if "items" in written:
        schema["items"] = _structural(written["items"], definitions)
    return schema


def _property(written: Json, definitions: Json) -> Json:
    """Return the schema of a property; an optional object gets the default {}.

    With it the API server fills in the defaults below the object, too.
    """
    schema = _structural(written, definitions)
    if "$ref" in written and not schema.get("required"):
        schema["default"] = {}
    return schema


def _without(written: Json, *names: str) -> Json:
    return {name: value for name, value in written.items() if name not in names}

"""The CRDs: made of the models, valid, and refusing what they should, with a message that says why."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from audiocast_operator.models.audio_cast import AudioCastSpec, AudioCastStatus
from audiocast_operator.models.crd import build_crds
from audiocast_operator.models.stream import StreamSpec, StreamStatus
from tests.helm.kubernetes_schemas import complaints_of
from tests.operator.simulated.admission import PRESERVE, Admission
from tests.operator.simulated.cluster import audiocast, stream
from tests.operator.simulated.errors import Invalid

AUDIOCAST, STREAM = build_crds()
ADMISSION = Admission([AUDIOCAST, STREAM])
MODELS = [(AUDIOCAST, AudioCastSpec, AudioCastStatus), (STREAM, StreamSpec, StreamStatus)]


def beside(**port: Any) -> dict[str, Any]:
    return {"name": "beside", "image": "i", "ports": [port]}


def schema(crd: dict[str, Any]) -> dict[str, Any]:
    [version] = crd["spec"]["versions"]
    found: dict[str, Any] = version["schema"]["openAPIV3Schema"]
    return found


def fields(below: dict[str, Any]) -> set[str]:
    """Return the dotted names of all fields of a schema."""
    found = set()
    for name, each in below.get("properties", {}).items():
        inner = each.get("items", each) if each.get("type") == "array" else each
        found |= {name, *(f"{name}.{more}" for more in fields(inner))}
    return found


def model_fields(model: type[BaseModel]) -> set[str]:
    """Return the dotted names of all fields of a model."""
    found = set()
    for name, field in model.model_fields.items():
        shown = field.alias or name
        found.add(shown)
        for inner in _models_in(field.annotation):
            found |= {f"{shown}.{more}" for more in model_fields(inner)}
    return found


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [each for part in getattr(annotation, "__args__", ()) for each in _models_in(part)]


@pytest.mark.parametrize(("crd", "spec", "status"), MODELS)
def test_the_fields_are_those_of_the_models(
    crd: dict[str, Any], spec: type[BaseModel], status: type[BaseModel]
) -> None:
    properties = schema(crd)["properties"]
    assert fields(properties["spec"]) == model_fields(spec)
    assert fields(properties["status"]) == model_fields(status)


@pytest.mark.parametrize(("crd", "spec", "status"), MODELS)
def test_every_field_is_described(
    crd: dict[str, Any], spec: type[BaseModel], status: type[BaseModel]
) -> None:
    def undescribed(below: dict[str, Any], path: str) -> list[str]:
        found = []
        for name, each in below.get("properties", {}).items():
            found += [] if each.get("description") else [f"{path}.{name}"]
            found += undescribed(each.get("items", each), f"{path}.{name}")
        return found

    properties = schema(crd)["properties"]
    assert undescribed(properties["spec"], "spec") + undescribed(properties["status"], "status") == []


# The pod API's own types, and filters of the Gateway API, of which each vendor has some.
EMBEDDED = {
    "pod.securityContext",
    "pod.containerSecurityContext",
    "pod.resources",
    "pod.env[]",
    "pod.envFrom[]",
    "pod.volumes[]",
    "pod.volumeMounts[]",
    "pod.initContainers[]",
    "pod.initContainers[].ports[]",
    "pod.containers[]",
    "pod.containers[].ports[]",
    "pod.tolerations[]",
    "pod.affinity",
    "pod.dnsConfig",
    "httpRoute.filters[]",
}


def walk(below: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Give path and schema of everything below a schema, itself included."""
    yield path.removeprefix("."), below
    for name, each in below.get("properties", {}).items():
        yield from walk(each, f"{path}.{name}")
    if "items" in below:
        yield from walk(below["items"], f"{path}[]")
    if isinstance(below.get("additionalProperties"), dict):
        yield from walk(below["additionalProperties"], f"{path}{{}}")


def test_only_kubernetes_own_types_have_fields_that_the_crd_does_not_know() -> None:
    spec = schema(AUDIOCAST)["properties"]["spec"]
    assert {path for path, each in walk(spec) if each.get(PRESERVE)} == EMBEDDED
    assert not [path for path, each in walk(schema(STREAM)) if each.get(PRESERVE)]


@pytest.mark.parametrize("crd", [AUDIOCAST, STREAM])
def test_the_schema_is_structural_and_bounded(crd: dict[str, Any]) -> None:
    bounds = {"array": {"maxItems"}, "string": {"maxLength", "enum", "format"}}
    for path, each in walk(schema(crd)["properties"]["spec"]):
        # https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
        # "Specifying a structural schema", and the bounds by which it reckons what a rule may cost.
        assert "type" in each or each.get("x-kubernetes-int-or-string"), path
        assert not {"$ref", "anyOf", "allOf", "oneOf", "not", "definitions", "title"} & each.keys(), path
        bound = bounds.get(each.get("type", ""), set())
        if isinstance(each.get("additionalProperties"), dict):
            bound = {"maxProperties"}
        assert not bound or bound & each.keys(), path
        if each.get("x-kubernetes-list-type") == "map":
            keys = each["x-kubernetes-list-map-keys"]
            assert {*keys} <= {*each["items"]["required"]}, path


def test_every_version_of_kubernetes_takes_the_crds() -> None:
    assert complaints_of([AUDIOCAST, STREAM]) == []


@pytest.mark.parametrize(("crd", "spec"), [(AUDIOCAST, AudioCastSpec), (STREAM, StreamSpec)])
def test_defaults_of_schema_and_model_are_the_same(crd: dict[str, Any], spec: type[BaseModel]) -> None:
    given = audiocast() if crd is AUDIOCAST else stream("news")
    kept = ADMISSION.admit(crd["spec"]["names"]["plural"], given, None)
    assert spec.model_validate(kept["spec"]) == spec.model_validate(given["spec"])


def test_names_and_subresources() -> None:
    assert AUDIOCAST["spec"]["names"]["shortNames"] == ["ac"]
    assert STREAM["spec"]["names"]["shortNames"] == ["acs"]
    scale = AUDIOCAST["spec"]["versions"][0]["subresources"]["scale"]
    assert scale["specReplicasPath"] == ".spec.replicas"
    assert all("status" in crd["spec"]["versions"][0]["subresources"] for crd in (AUDIOCAST, STREAM))


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"autoscaling": {"maxReplicas": 3}, "replicas": 2}, "give either replicas or autoscaling"),
        ({"autoscaling": {"minReplicas": 4, "maxReplicas": 3}}, "minReplicas must not be above maxReplicas"),
        ({"settings": {"PEERS": "a:1"}}, "the operator sets these by itself"),
        ({"settings": {"WORKERS": "2"}}, "no such setting"),
        ({"settings": {"MAX_LISTENRES": "6000"}}, "no such setting"),
        ({"settings": {"max_listeners": "6000"}}, "no such setting"),
        ({"settings": {"MAX_LISTENERS": "many"}}, "expected whole numbers"),
        ({"settings": {"MAX_LISTENERS": "-1"}}, "expected whole numbers"),
        ({"settings": {"PREROLL_SECONDS": "3,5"}}, "expected numbers"),
        ({"settings": {"LOG_LEVEL": "loud"}}, "LOG_LEVEL is one of debug, info, warning, error"),
        ({"settings": {"TRUST_FORWARDED_HOST": "perhaps"}}, "TRUST_FORWARDED_HOST is one of true, false"),
        ({"settings": {"TRUSTED_PROXIES": "1" * 1025}}, "spec.settings.TRUSTED_PROXIES"),
        (
            {"drain": {"window": {"start": "01:00", "end": "02:00", "timeZone": "../etc/passwd"}}},
            "spec.drain.window.timeZone",
        ),
        ({"replicas": -1}, "spec.replicas"),
        ({"image": ""}, "spec.image"),
        ({"drain": {"strategy": "Random"}}, "spec.drain.strategy"),
        ({"drain": {"window": {"start": "25:00", "end": "02:00"}}}, "spec.drain.window.start"),
        ({"publicUrl": "radio.example.org"}, "spec.publicUrl"),
        ({"service": {"type": "ExternalName"}}, "spec.service.type"),
        ({"service": {"loadBalancerSourceRanges": ["192.0.2.0/24"]}}, "need the type LoadBalancer"),
        ({"service": {"nodePort": 30080}}, "need the type NodePort or LoadBalancer"),
        ({"service": {"ipFamilies": ["IPv5"]}}, "spec.service.ipFamilies.0"),
        ({"httpRoute": {"parentRefs": []}}, "spec.httpRoute.parentRefs"),
        ({"httpRoute": {"parentRefs": [{"name": "g"}], "timeouts": {"request": "long"}}}, "timeouts.request"),
        ({"networkPolicy": True}, "spec.networkPolicy"),
        ({"networkPolicy": {"extraEgress": [{"ports": [{"port": 1.5}]}]}}, "of type integer or string"),
        ({"networkPolicy": {"httpFrom": [{"podSelector": {"matchLabels": {"a": 1}}}]}}, "matchLabels.a"),
        ({"monitoring": {"scrapeTimeoutSeconds": 60}}, "must not be above intervalSeconds"),
        ({"monitoring": {"relabelings": [{"action": "explode"}]}}, "spec.monitoring.relabelings.0.action"),
        (
            {"pod": {"env": [{"name": "PEERS", "value": "a:1"}]}},
            "settings of the server go into spec.settings",
        ),
        ({"pod": {"env": [{"name": "PORT", "value": "80"}]}}, "settings of the server go into spec.settings"),
        ({"pod": {"env": [{"value": "a"}]}}, "'name' is a required property"),
        ({"pod": {"env": [{"name": "A"}, {"name": "A"}]}}, "Duplicate value: {'name': 'A'}"),
        ({"pod": {"env": [{"name": f"A{number}"} for number in range(65)]}}, "spec.pod.env: "),
        ({"pod": {"volumeMounts": [{"name": "a", "mountPath": "/a"}] * 2}}, "Duplicate value"),
        ({"pod": {"containers": [{"name": "audiocast", "image": "i"}]}}, "is the server's own container"),
        ({"pod": {"initContainers": [{"name": "audiocast", "image": "i"}]}}, "is the server's own container"),
        ({"pod": {"containers": [beside(containerPort=8001)]}}, "the server's own ports"),
        ({"pod": {"initContainers": [beside(containerPort=9, name="http")]}}, "the server's own ports"),
        ({"pod": {"probes": {"readiness": {"periodSeconds": 10}}}}, "has left the Service before"),
        ({"pod": {"probes": {"readiness": {"failureThreshold": 3}}}}, "has left the Service before"),
        ({"pod": {"probes": {"liveness": {"path": "/", "periodSeconds": 0}}}}, "liveness.periodSeconds"),
    ],
)
def test_a_bad_audiocast_is_refused_with_the_reason(spec: dict[str, Any], why: str) -> None:
    with pytest.raises(Invalid) as caught:
        ADMISSION.admit("audiocasts", audiocast(**spec), None)
    assert why in str(caught.value)


def test_settings_that_the_server_has_are_taken() -> None:
    settings = {
        "MAX_LISTENERS": "6000",
        "PREROLL_SECONDS": "3.5",
        "LOG_LEVEL": "debug",
        "TRUST_FORWARDED_HOST": "true",
        "TRUSTED_PROXIES": "10.0.0.0/8,fd00::/8",
    }
    assert ADMISSION.admit("audiocasts", audiocast(settings=settings), None)["spec"]["settings"] == settings


def test_an_audiocast_needs_replicas_or_autoscaling() -> None:
    given = audiocast()
    del given["spec"]["replicas"]
    with pytest.raises(Invalid, match="give either replicas or autoscaling"):
        ADMISSION.admit("audiocasts", given, None)


@pytest.mark.parametrize("name", ["a" * 49, "0live", "live.radio"])
def test_a_name_that_children_cannot_have_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match=r"metadata\.name: "):
        ADMISSION.admit("audiocasts", audiocast(name), None)


@pytest.mark.parametrize(("before", "after"), [("", "a"), ("a", ""), ("a", "b")])
def test_the_services_name_is_for_good(before: str, after: str) -> None:
    def named(name: str) -> dict[str, Any]:
        return audiocast(service={"name": name} if name else {})

    kept = ADMISSION.admit("audiocasts", named(before), None)
    assert ADMISSION.admit("audiocasts", named(before), kept)
    with pytest.raises(Invalid, match="name cannot be changed"):
        ADMISSION.admit("audiocasts", named(after), kept)


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"id": "no spaces"}, "spec.id"),
        ({"id": "-option"}, "spec.id"),
        ({"keyGeneration": 0}, "spec.keyGeneration"),
        ({"title": "t" * 201}, "spec.title"),
        ({"limits": {"maxKbps": -1}}, "spec.limits.maxKbps"),
        ({"visibility": "secret"}, "spec.visibility"),
        ({"accessCode": "auto"}, "need the visibility private"),
        ({"visibility": "public", "listenLinks": {}}, "need the visibility private"),
        ({"visibility": "unlisted", "listenLinksRevokedBefore": "2030-01-01T00:00:00Z"}, "need the visib"),
        ({"accessCodeSecretRef": {"name": "a", "key": "b"}}, "need the visibility private"),
        ({"visibility": "private", "accessCode": "bakola"}, "spec.accessCode"),
        (
            {
                "visibility": "private",
                "accessCode": "auto",
                "accessCodeSecretRef": {"name": "a", "key": "b"},
            },
            "give either accessCode or accessCodeSecretRef",
        ),
        ({"visibility": "private", "accessCodeSecretRef": {"name": "a", "key": "a/b"}}, "Ref.key"),
        ({"visibility": "private", "listenLinks": {"count": 1001}}, "spec.listenLinks.count"),
        ({"visibility": "private", "listenLinks": {"label": "x" * 41}}, "spec.listenLinks.label"),
    ],
)
def test_a_bad_stream_is_refused_with_the_reason(spec: dict[str, Any], why: str) -> None:
    with pytest.raises(Invalid) as caught:
        ADMISSION.admit("streams", stream("news", **spec), None)
    assert why in str(caught.value)


@pytest.mark.parametrize("change", [{"id": "other"}, {"audioCast": "other"}])
def test_a_streams_id_and_audiocast_are_for_good(change: dict[str, str]) -> None:
    before = ADMISSION.admit("streams", stream("news"), None)
    with pytest.raises(Invalid, match="cannot be changed"):
        ADMISSION.admit("streams", stream("news", **change), before)
    assert ADMISSION.admit("streams", stream("news", title="Nachrichten"), before)["spec"]["title"]


@pytest.mark.parametrize(
    "code", [{}, {"accessCode": "auto"}, {"accessCodeSecretRef": {"name": "a", "key": "b"}}]
)
def test_a_private_stream_is_taken(code: dict[str, Any]) -> None:
    links = {"listenLinks": {"count": 3}, "listenLinksRevokedBefore": "2030-01-01T00:00:00Z"}
    given = {"visibility": "private", **code, **links}
    kept = ADMISSION.admit("streams", stream("news", **given), None)["spec"]
    assert kept["listenLinks"] == {"count": 3, "expiresInSeconds": 0, "sessionSeconds": 0}
    assert StreamSpec.model_validate(kept) == StreamSpec.model_validate(stream("news", **given)["spec"])
    # A private stream may become public, if all of it goes.
    before = ADMISSION.admit("streams", stream("news", **given), None)
    assert ADMISSION.admit("streams", stream("news", visibility="public"), before)

"""What the API server does with a custom resource before it keeps it.

It fills in defaults, drops what the CRD does not know, checks the schema and the rules in CEL, those about a
change too.
"""

import copy
import functools
from collections.abc import Iterator
from typing import Any

import celpy
import celpy.adapter
import jsonschema

from tests.operator.simulated.errors import Invalid

Json = dict[str, Any]

RULES = "x-kubernetes-validations"
PRESERVE = "x-kubernetes-preserve-unknown-fields"
HANDED_ON = ("apiVersion", "kind", "metadata")


def _listed(
    validator: Any, kind: str, items: Any, schema: Json
) -> Iterator[jsonschema.exceptions.ValidationError]:
    """Refuse two items that are the same: by their keys, or, in a set, whole.

    `ValidateListSetsAndMaps` of apiextensions-apiserver, pkg/apiserver/schema/listtype/validation.go.
    """
    if not isinstance(items, list) or kind == "atomic":
        return
    keys = schema.get("x-kubernetes-list-map-keys", [])
    seen: list[Any] = []
    for each in items:
        key = {name: each.get(name) for name in keys} if kind == "map" and isinstance(each, dict) else each
        if key in seen:
            yield jsonschema.exceptions.ValidationError(f"Duplicate value: {key}")
        seen.append(key)


def _int_or_string(
    validator: Any, wanted: bool, value: Any, schema: Json
) -> Iterator[jsonschema.exceptions.ValidationError]:
    """Refuse what is neither a whole number nor text: JSONSchemaProps of the API reference."""
    if wanted and (isinstance(value, bool) or not isinstance(value, int | str)):
        yield jsonschema.exceptions.ValidationError(f"must be of type integer or string: {value!r}")


Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    {"x-kubernetes-list-type": _listed, "x-kubernetes-int-or-string": _int_or_string},
)


class Admission:
    """Knows some CRDs.

    Args:
        crds: As they are installed.
    """

    def __init__(self, crds: list[Json]) -> None:
        self._schemas = {
            crd["spec"]["names"]["plural"]: crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
            for crd in crds
        }
        self._names = {
            crd["spec"]["names"]["plural"]: (crd["spec"]["group"], crd["spec"]["names"]["kind"])
            for crd in crds
        }

    def admit(self, plural: str, new: Json, old: Json | None) -> Json:
        """Return an object as the API server keeps it.

        Raises:
            Invalid: It is refused; the message names the field and the reason.
        """
        schema = self._schemas.get(plural)
        if schema is None:
            return new
        new = {**_completed(schema, new), **{name: new[name] for name in HANDED_ON if name in new}}
        errors = Validator(schema).iter_errors(new)
        found = [(".".join(map(str, error.absolute_path)), error.message) for error in errors]
        # Rules are asked only of what the schema allows; a real one says that it has not asked them.
        found = found or list(broken_rules(schema, new, old))
        if found:
            causes = [
                {"reason": "FieldValueInvalid", "message": f"Invalid value: {message}", "field": place}
                for place, message in found
            ]
            name, (group, kind) = new.get("metadata", {}).get("name", ""), self._names[plural]
            told = "; ".join(f"{place}: {message}" for place, message in found)
            invalid = f'{kind}.{group} "{name}" is invalid: {told}'
            raise Invalid(invalid, name=name, group=group, kind=kind, causes=causes)
        return new


def broken_rules(schema: Json, new: Any, old: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield place and message of every rule that does not hold."""
    for rule in schema.get(RULES, []):
        text = rule["rule"]
        if "oldSelf" in text and old is None:
            continue
        if not _program(text).evaluate(
            {"self": _cel(new), **({"oldSelf": _cel(old)} if old is not None else {})}
        ):
            yield place or "object", rule["message"]
    if isinstance(new, dict):
        for name, below in schema.get("properties", {}).items():
            if name in new:
                was = old.get(name) if isinstance(old, dict) else None
                yield from broken_rules(below, new[name], was, f"{place}.{name}".lstrip("."))
    elif isinstance(new, list):
        for number, each in enumerate(new):
            yield from broken_rules(schema.get("items", {}), each, None, f"{place}[{number}]")


def _completed(schema: Json, value: Any) -> Any:
    """Fill in defaults and drop what is not known."""
    if isinstance(value, list):
        return [_completed(schema.get("items", {}), each) for each in value]
    if not isinstance(value, dict) or schema.get(PRESERVE):
        return value
    if "properties" not in schema:
        below = schema.get("additionalProperties")
        return {name: _completed(below, each) for name, each in value.items()} if below else value
    out = {}
    for name, below in schema["properties"].items():
        if name in value:
            out[name] = _completed(below, value[name])
        elif "default" in below:
            out[name] = _completed(below, copy.deepcopy(below["default"]))
    return out


@functools.cache
def _program(rule: str) -> Any:
    environment = celpy.Environment()
    return environment.program(environment.compile(rule))


def _cel(value: Any) -> Any:
    return celpy.adapter.json_to_cel(value)

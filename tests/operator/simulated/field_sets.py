"""Sets of fields as server-side apply keeps them for each manager, and `managedFields`, which shows them.

https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from tests.operator.simulated.errors import ServerError
from tests.operator.simulated.fields import KEY_DEFAULTS, Field, Json, Path


def applied_fields(known: Field, value: Any, path: Path = ()) -> set[Path]:
    """Return the fields that an apply names: the values in it, and each item of a list with keys.

    Raises:
        ServerError: Two items of a list have the same keys.
    """
    return {each for each, _ in _walk(known, value, path, with_pointers=False)}


def present_fields(known: Field, value: Any, path: Path = ()) -> dict[Path, Any]:
    """Return all fields that an object has, maps and lists themselves too, each with its value."""
    return dict(_walk(known, value, path, with_pointers=True))


def _walk(known: Field, value: Any, path: Path, *, with_pointers: bool) -> Iterator[tuple[Path, Any]]:
    below = list(_children(known, value))
    if not below:
        yield path, value
        return
    if with_pointers and known.is_pointer and path:
        yield path, None
    for element, child, each in below:
        if element.startswith("k:") and child.shape != "value":
            yield (*path, element), None
        yield from _walk(child, each, (*path, element), with_pointers=with_pointers)


def _children(known: Field, value: Any) -> Iterator[tuple[str, Field, Any]]:
    if isinstance(value, dict) and known.shape in ("fields", "map", "untyped"):
        for name, each in value.items():
            child = known.child(name)
            if child is not None:
                yield f"f:{name}", child, each
    elif isinstance(value, list) and known.shape == "keyed" and known.below is not None:
        seen = set()
        for each in value:
            key = key_of(known, each)
            if key in seen:
                raise ServerError(f"duplicate entries for key {key}")
            seen.add(key)
            yield key, known.below, each
    elif isinstance(value, list) and known.shape == "set":
        for each in value:
            yield f"v:{json.dumps(each)}", Field(), each


def key_of(known: Field, item: Json) -> str:
    """Return the path element of an item of a list with keys."""
    keys = {name: item.get(name, KEY_DEFAULTS.get(name)) for name in sorted(known.keys)}
    return f"k:{json.dumps(keys, separators=(',', ':'))}"


def encode(paths: Iterable[Path]) -> Json:
    """Return a set of fields as `fieldsV1` shows it."""
    tree: Json = {}
    for path in sorted(paths):
        place = tree
        for element in path:
            place = place.setdefault(element, {})
        place["."] = {}
    return _without_lone_dots(tree)


def decode(written: Json, path: Path = ()) -> set[Path]:
    """Return the set of fields that `fieldsV1` shows."""
    found = {path} if path and ("." in written or not written) else set()
    for element, below in written.items():
        if element != ".":
            found |= decode(below, (*path, element))
    return found


def _without_lone_dots(tree: Json) -> Json:
    return {
        element: {} if below == {".": {}} or element == "." else _without_lone_dots(below)
        for element, below in tree.items()
    }


def shown(path: Path) -> str:
    """Return a path as messages name it, like `.spec.ports[port=80]`."""
    text = ""
    for element in path:
        kind, _, name = element.partition(":")
        if kind == "f":
            text += f".{name}"
        else:
            text += f"[{name}]" if kind == "v" else _shown_key(json.loads(name))
    return text


def _shown_key(keys: Json) -> str:
    return "[" + ",".join(f"{name}={json.dumps(value)}" for name, value in keys.items()) + "]"

"""What a rule of a CRD may cost, as an API server reckons before it takes the CRD; never too little.

Rules, sizes and factors are those of Kubernetes 1.30 and later:

- a rule may cost 10,000,000, all rules of a CRD 100,000,000 (apiextensions-apiserver,
  pkg/apis/apiextensions/validation/validation.go: StaticEstimatedCostLimit, StaticEstimatedCRDCostLimit), and
  a rule below a list counts as often as the list may be long (compilation.go: MaxCardinality);
- a string has four bytes for each character of maxLength, and what has no bound is as large as a request may
  be, 3 MiB (apiserver, pkg/cel/common/schemas.go);
- an operation costs 1, a list literal 10, a look into a list 1 for each element, a string 0.1 for each byte,
  times 0.25 for each character of a pattern (cel-go, checker/cost.go, common/cost.go). Where cel-go knows
  that something is cheaper, this does not.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import celpy
from lark import Token, Tree

from audiocast_operator.models.base import VALIDATIONS

MOST_OF_A_RULE = 10_000_000
MOST_OF_A_CRD = 100_000_000
REQUEST_BYTES = 3 * 1024 * 1024

LITERAL_LIST, TRAVERSAL, PATTERN, LOOP = 10, 0.1, 0.25, 6

Schema = Mapping[str, Any]
ANYTHING: Schema = {"type": "string"}
TRUTH: Schema = {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Reckoned:
    """An expression.

    Attributes:
        cost: What it costs at most.
        schema: What its value is.
    """

    cost: float
    schema: Schema


def size_of(schema: Schema) -> float:
    """Return how large a value can be: bytes of a string, elements of a list or a map."""
    kind = schema.get("type")
    if kind == "array":
        return float(schema.get("maxItems", REQUEST_BYTES))
    if "additionalProperties" in schema:
        return float(schema.get("maxProperties", REQUEST_BYTES))
    if kind == "string":
        if "enum" in schema:
            return float(max(map(len, schema["enum"])))
        return float(min(4 * schema.get("maxLength", REQUEST_BYTES), REQUEST_BYTES))
    return 1.0 if kind in ("integer", "number", "boolean") else float(REQUEST_BYTES)


def costs_of(crd: Mapping[str, Any]) -> dict[str, float]:
    """Return what each rule of a CRD costs at most, by its place and its text."""
    whole = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    environment = celpy.Environment()
    found = {}
    for place, schema, times in _walk(whole, "", 1.0):
        for rule in schema.get(VALIDATIONS, ()):
            scope = {"self": schema, "oldSelf": schema}
            tree = environment.compile(rule["rule"])
            found[f"{place}: {rule['rule']}"] = times * _reckon(tree, scope).cost
    return found


def _walk(schema: Schema, place: str, times: float) -> Iterator[tuple[str, Schema, float]]:
    yield place, schema, times
    for name, each in schema.get("properties", {}).items():
        yield from _walk(each, f"{place}.{name}", times)
    for key, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(schema.get(key), dict):
            yield from _walk(schema[key], place + mark, times * size_of(schema))


def _reckon(node: Any, scope: Mapping[str, Schema]) -> Reckoned:
    look = partial(_reckon, scope=scope)
    match node:
        case Tree(data="ident", children=[name]):
            return Reckoned(1, scope[str(name)])
        case Tree(data="literal", children=[Token() as value]):
            return Reckoned(0, _literal(value))
        case Tree(data="list_lit", children=[Tree(children=parts)]):
            items = [look(each) for each in parts]
            schema = {"type": "array", "maxItems": len(items)}
            return Reckoned(LITERAL_LIST + sum(each.cost for each in items), schema)
        case Tree(data="member_dot", children=[of, name]):
            value = look(of)
            return Reckoned(value.cost + 1, value.schema.get("properties", {}).get(str(name), ANYTHING))
        case Tree(data="member_index", children=[of, Tree(children=[index])]):
            value = look(of)
            found = value.schema.get("additionalProperties") or value.schema.get("items") or ANYTHING
            return Reckoned(value.cost + look(index).cost + 1, found)
        case Tree(data="member_dot_arg", children=[of, name, Tree(children=arguments)]):
            return _call(str(name), look(of), arguments, scope)
        case Tree(data="ident_arg", children=["has", Tree(children=[path])]):
            return Reckoned(look(path).cost + 1, TRUTH)
        case Tree(data="relation", children=[Tree(data=how, children=[left]), right]):
            sides = (look(left), look(right))
            sizes = [size_of(each.schema) for each in sides]
            own = sizes[1] if how == "relation_in" else max(sizes) * TRAVERSAL
            return Reckoned(1 + sides[0].cost + sides[1].cost + own, TRUTH)
        case Tree(children=[only]):
            return look(only)
        case Tree(data="unary", children=[_, value]):
            return Reckoned(look(value).cost + 1, TRUTH)
        case Tree(data="expr" | "conditionalor" | "conditionaland", children=parts):
            values = [look(each) for each in parts]
            largest = max((each.schema for each in values[-2:]), key=size_of)
            return Reckoned(1 + sum(each.cost for each in values), largest)
        case Tree(data="multiplication" | "addition", children=[Tree(children=[left]), right]):
            return Reckoned(1 + look(left).cost + look(right).cost, {"type": "integer"})
    raise AssertionError(f"expected what this can reckon, got {node}")


def _call(name: str, of: Reckoned, arguments: list[Any], scope: Mapping[str, Schema]) -> Reckoned:
    if name in ("all", "exists"):
        variable = str(next(arguments[0].find_data("ident")).children[0])
        each = ANYTHING if "additionalProperties" in of.schema else of.schema.get("items", ANYTHING)
        body = _reckon(arguments[1], {**scope, variable: each})
        return Reckoned(of.cost + LITERAL_LIST + size_of(of.schema) * (body.cost + LOOP), TRUTH)
    given = [_reckon(each, scope) for each in arguments]
    cost = of.cost + sum(each.cost for each in given) + (size_of(of.schema) + 1) * TRAVERSAL
    if name == "matches":
        cost += (size_of(of.schema) + 1) * TRAVERSAL * math.ceil(size_of(given[0].schema) * PATTERN)
    elif name == "contains":
        cost += (size_of(of.schema) + 1) * TRAVERSAL * size_of(given[0].schema) * TRAVERSAL
    else:
        raise AssertionError(f"expected a function that this can reckon, got {name}")
    return Reckoned(cost, TRUTH)


def _literal(value: Token) -> Schema:
    text = str(value)
    return {"type": "string", "enum": [text[1:-1]]} if text[:1] in "'\"" else {"type": "integer"}

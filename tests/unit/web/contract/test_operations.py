"""No route of the public port is undeclared, nothing else is declared, and each error code has its status."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest
from tornado.routing import PathMatches
from tornado.web import Application, RequestHandler

from audiocast.formats import errors as format_errors
from audiocast.ogg import errors as ogg_errors
from audiocast.stream import errors as stream_errors
from audiocast.web.contract.document import openapi, operations
from audiocast.web.contract.error_codes import STATUS_OF
from audiocast.web.contract.operation import Operation
from audiocast.web.http.errors import CLIENT_LIMIT, STATUS
from audiocast.web.routes import public_application
from tests.repo import tree

WHAT_TO_DO = (
    "declare it in audiocast/web/contract/operations: its parameters, body, answers and error codes; the "
    "JSON of its body in contract/requests.py and that of its answers in contract/responses.py"
)

# Routes that are no part of the API: files, and what is only there to say that it is not.
UNDECLARED = {
    r"\*",
    r"/static/(.*)",
    r"/(robots\.txt)",
    r"/(favicon\.ico)",
    r"/status\.xsl",
    r"/7\.html",
}

# Of every route, and SOURCE, which OpenAPI 3.1 cannot write down.
NOT_LISTED = {"HEAD", "OPTIONS", "SOURCE"}

EXAMPLES = {
    "id": "someone",
    "size": "192",
    "path": "listen/page.js",
    "run": "1",
    "name": "2.mp4",
    "sample": "0",
}

# Codes that are no literals where they are raised.
MADE = {CLIENT_LIMIT, "bad_hls_msn", "bad_hls_part", "bad_maxheight", "bad_maxwidth"}
# Codes that members of a cluster get, on the internal port.
OF_MEMBERS = {"alone", "bad_signature"}


def routes() -> dict[str, type[RequestHandler]]:
    """Give the handler of each pattern of the public port."""
    parts: Any = None
    application: Application = public_application(parts, parts, lambda _: None)
    found = {}
    for rule in application.wildcard_router.rules:
        assert isinstance(rule.matcher, PathMatches)
        found[rule.matcher.regex.pattern.removesuffix("$")] = rule.target
    return found


def methods_of(handler: type[RequestHandler]) -> set[str]:
    none = RequestHandler._unimplemented_method
    return {each for each in handler.SUPPORTED_METHODS if getattr(handler, each.lower()) is not none}


def pattern_of(declared: Operation) -> str:
    """Give the pattern of the route that a request for an operation's path gets."""
    path = re.sub(r"\{(\w+)\}", lambda found: EXAMPLES[found[1]], declared.path)
    return next((each for each in routes() if re.fullmatch(each, path)), f"no route for {path}")


def test_every_method_of_every_route_is_declared_and_no_other() -> None:
    there = {
        (method, pattern)
        for pattern, handler in routes().items()
        if pattern not in UNDECLARED
        for method in methods_of(handler) - NOT_LISTED
    }
    declared = {(each.method, pattern_of(each)) for each in operations()}
    assert there - declared == set(), WHAT_TO_DO
    assert declared - there == set(), "declared in audiocast/web/contract/operations, and not there"
    assert routes().keys() >= UNDECLARED


def test_names_are_unique_and_paths_have_their_parameters() -> None:
    made = list(operations())
    names = [each.name for each in made]
    assert len(names) == len(set(names))
    for each in made:
        in_path = {parameter.name for parameter in each.parameters if parameter.place == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", each.path)), each.path
        assert set(each.errors) <= STATUS_OF.keys(), (
            f"{each.path}: a code that contract/error_codes.py has not"
        )


def codes_written() -> Iterator[tuple[str, int, str]]:
    """Give each code that a handler of the public port refuses with: place, status and code."""
    for path in tree.files("*.py", under="audiocast/web"):
        if "internal" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", "") == "ApiError"
                and len(node.args) > 1
            ):
                status, code = node.args[:2]
                if isinstance(status, ast.Constant) and isinstance(code, ast.Constant):
                    yield tree.name(path), int(str(status.value)), str(code.value)


def lower_errors() -> Iterator[tuple[str, int, str]]:
    """Give the codes of what streams and Ogg are refused for, with the status of `http.errors`."""
    for module in (stream_errors, format_errors, ogg_errors):
        for each in vars(module).values():
            if isinstance(each, type) and issubclass(each, Exception) and "code" in vars(each):
                yield module.__name__, STATUS.get(each, 400), vars(each)["code"]


def test_every_code_is_in_the_table_with_its_status() -> None:
    found = [each for each in (*codes_written(), *lower_errors()) if each[2] not in OF_MEMBERS]
    assert len(found) > 60
    wrong = [each for each in found if STATUS_OF.get(each[2]) != each[1]]
    assert wrong == [], "give the code its status in audiocast/web/contract/error_codes.py"
    assert STATUS_OF.keys() - {code for *_, code in found} <= MADE


def test_the_document_has_all_that_the_readme_of_the_api_lists() -> None:
    text = (tree.ROOT / "docs" / "api.md").read_text()
    table = text[text.index("## Routes of the public port") : text.index("Wherever there is `GET`")]
    listed = set(re.findall(r"`(?:[A-Z]+ )?(/[^`?]*)", re.sub(r"\| an \[alias\].*", "", table)))
    assert len(listed) > 20
    assert listed - openapi("1")["paths"].keys() == {"/static"}, WHAT_TO_DO


@pytest.mark.parametrize("declared", list(operations()), ids=lambda each: each.name)
def test_answers_with_a_body_say_of_what_type(declared: Operation) -> None:
    for answer in declared.answers:
        assert (answer.content is None) == (answer.status in (101, 204, 303)), declared.name

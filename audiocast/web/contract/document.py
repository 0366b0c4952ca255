"""The public API as an OpenAPI 3.1 document, made of `operations` and of the types that they name.

The document is the same wherever a server runs: its server is the one that it was fetched from.
"""

from collections.abc import Iterable, Iterator
from http.client import responses
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from audiocast.web.contract.error_codes import STATUS_OF, UNREADABLE
from audiocast.web.contract.operation import HTML, JSON, TEXT, DeclaredAnswer, Operation, Parameter, Schema
from audiocast.web.contract.operations import OPERATIONS
from audiocast.web.contract.responses import Error, StreamState

OPENAPI = "3.1.1"
REFERENCE = "#/components/schemas/{model}"

DESCRIPTION = """\
Live audio for everyone: post Ogg Opus over HTTP, share a link, listen in any browser or player.

Errors are JSON with a code. Wherever there is GET there is HEAD, with the same status and fields and no body,
and OPTIONS, which lists the methods. A server with aliases (ALIASES_FILE) has these paths too, each as
`/stream/{id}` for listeners and as `/ingest/{id}` for sources. What has no end (audio, events, the WebSocket)
is declared as what it begins with, the first two with `x-endless`.

A private stream is there for requests with a listen token (`?token=`, Bearer, or a cookie that `/listen/{id}`
sets), its key, or an API token. To all others it is as a stream that nobody knows; the listener's page alone
says 401.\
"""

TAGS = {
    "streams": "What is known of a stream, and what its broadcaster does with it",
    "audio": "Audio in and audio out",
    "pages": "Pages for people, and their pictures",
    "icecast": "What Icecast's programs ask for",
}

_KEY = "The ingest key that `startStream` has answered"
_TOKEN = "One of API_TOKENS"
SECURITY_SCHEMES: dict[str, Schema] = {
    "ingestKey": {"type": "http", "scheme": "bearer", "description": f"{_KEY}."},
    "ingestKeyAsPassword": {"type": "http", "scheme": "basic", "description": f"{_KEY}, with any user name."},
    "ingestKeyInQuery": {"type": "apiKey", "in": "query", "name": "key", "description": f"{_KEY}."},
    "ingestKeyAsSubprotocol": {
        "type": "apiKey",
        "in": "header",
        "name": "Sec-WebSocket-Protocol",
        "description": f"`audiocast, KEY`. {_KEY}.",
    },
    "apiToken": {"type": "http", "scheme": "bearer", "description": f"{_TOKEN}."},
    "apiTokenAsPassword": {
        "type": "http",
        "scheme": "basic",
        "description": f"{_TOKEN}, with any user name.",
    },
}

# What the enums of lower layers mean here.
_ENUMS = {
    "HubState": "What listeners are told of a stream.",
    "Visibility": "Whether everybody finds the stream in lists, or those alone who were given its link.",
}

# What a status requires of every answer that has it.
_HEADERS = {
    302: ("Location", "The same address with https://."),
    401: ("WWW-Authenticate", "Basic, or Bearer for pages."),
    426: ("Upgrade", "websocket"),
    429: ("Retry-After", "Seconds."),
    503: ("Retry-After", "Seconds."),
}

Document = dict[str, Any]


def openapi(version: str) -> Document:
    """Return the document.

    Args:
        version: Of the server.
    """
    paths: dict[str, Schema] = {}
    content_types, schemas = _schemas()
    for tag, operations in OPERATIONS.items():
        for each in operations:
            methods = paths.setdefault(each.path, {})
            methods[each.method.lower()] = _operation(each, tag, content_types)
            if each.method == "GET":
                methods["head"] = _head(each, tag)
    return {
        "openapi": OPENAPI,
        "info": {
            "title": "audiocast",
            "version": version,
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": SECURITY_SCHEMES},
    }


def operations() -> Iterator[Operation]:
    """Return all operations that are declared, without HEAD."""
    for each in OPERATIONS.values():
        yield from each


def _schemas() -> tuple[dict[type, Schema], dict[str, Schema]]:
    """Return how each type is named in the document, and the schemas of all of them by name."""
    modes: dict[type, JsonSchemaMode] = {Error: "serialization", StreamState: "serialization"}
    for each in operations():
        modes |= {
            answer.content: "serialization" for answer in each.answers if isinstance(answer.content, type)
        }
        if each.body is not None and isinstance(each.body.content, type):
            modes[each.body.content] = "validation"
    adapters: list[tuple[type, JsonSchemaMode, TypeAdapter[Any]]] = [
        (kind, mode, TypeAdapter(kind)) for kind, mode in modes.items()
    ]
    named, found = TypeAdapter.json_schemas(adapters, ref_template=REFERENCE, schema_generator=_WithoutTitles)
    for name, text in _ENUMS.items():
        found["$defs"][name]["description"] = text
    types = {kind: named[kind, mode] for kind, mode in modes.items()}
    return types, dict(sorted(found.get("$defs", {}).items()))


class _WithoutTitles(GenerateJsonSchema):
    """Names of fields, which pydantic repeats as titles, are left out."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _operation(declared: Operation, tag: str, types: dict[type, Schema]) -> Schema:
    made: Schema = {
        "operationId": declared.name,
        "tags": [tag],
        "summary": declared.summary,
        **({"description": declared.text} if declared.text else {}),
        **({"x-endless": True} if declared.is_endless else {}),
        **_parameters(declared.parameters),
        **_security(declared),
    }
    if declared.body is not None:
        made["requestBody"] = {
            **({"description": declared.body.text} if declared.body.text else {}),
            "required": declared.body.is_required,
            "content": {declared.body.media_type: {"schema": _schema(declared.body.content, types)}},
        }
    answers = {
        str(each.status): _answer(each, types) for each in (*declared.answers, *_usual_answers(declared))
    }
    made["responses"] = {**answers, **_errors(declared)}
    return made


def _head(declared: Operation, tag: str) -> Schema:
    """Return HEAD beside a GET: the same without bodies."""
    made = {
        "operationId": f"head{declared.name[0].upper()}{declared.name[1:]}",
        "tags": [tag],
        "summary": f"{declared.summary}: without a body",
        **_parameters(declared.parameters),
        **_security(declared),
    }
    answers = {
        str(each.status): {"description": each.text}
        for each in (*declared.answers, *_usual_answers(declared))
        # HEAD upgrades nothing.
        if each.status != 101
    }
    errors = {status: {"description": each["description"]} for status, each in _errors(declared).items()}
    return {**made, "responses": {**answers, **errors}}


def _parameters(declared: Iterable[Parameter]) -> Schema:
    made = [
        {
            "name": each.name,
            "in": each.place,
            "required": each.is_required,
            "description": each.text,
            "schema": each.schema or TEXT,
        }
        for each in declared
    ]
    return {"parameters": made} if made else {}


def _security(declared: Operation) -> Schema:
    if not declared.security:
        return {}
    anonymous: list[Schema] = [{}] if declared.may_be_anonymous else []
    return {"security": [*anonymous, *({name: []} for name in declared.security)]}


def _usual_answers(declared: Operation) -> Iterator[DeclaredAnswer]:
    """Return what any GET may be answered."""
    if declared.method != "GET":
        return
    if not declared.answers_plain_http:
        yield DeclaredAnswer("To HTTPS, where the settings say so.", status=302)
    if not declared.is_endless:
        yield DeclaredAnswer("As `If-None-Match` has it.", status=304)


def _answer(declared: DeclaredAnswer, types: dict[type, Schema]) -> Schema:
    made: Schema = {"description": declared.text, **_header(declared.status)}
    if declared.content is not None:
        schema = _schema(declared.content, types)
        made["content"] = {
            each: {"schema": schema} for each in (declared.media_type, *declared.other_media_types)
        }
    return made


def _errors(declared: Operation) -> dict[str, Schema]:
    """Return the answers of an operation that are errors, with the codes that each may have."""
    read = ("unexpected_body",) if declared.method == "GET" else ()
    codes: dict[int, set[str]] = {}
    for code in (*declared.errors, *read, *UNREADABLE):
        codes.setdefault(STATUS_OF[code], set()).add(code)
    return {str(status): _error(status, sorted(names), declared) for status, names in sorted(codes.items())}


def _error(status: int, codes: list[str], declared: Operation) -> Schema:
    only = {"type": "object", "properties": {"error": {"enum": codes}}}
    content: Schema = {JSON: {"schema": {"allOf": [{"$ref": REFERENCE.format(model="Error")}, only]}}}
    if declared.has_error_page:
        content[HTML] = {"schema": TEXT}
    text = f"{responses[status]}: {', '.join(f'`{code}`' for code in codes)}"
    return {"description": text, **_header(status), "content": content}


def _header(status: int) -> Schema:
    if status not in _HEADERS:
        return {}
    name, text = _HEADERS[status]
    return {"headers": {name: {"description": text, "schema": TEXT}}}


def _schema(content: type | Schema, types: dict[type, Schema]) -> Schema:
    return content if isinstance(content, dict) else types[content]

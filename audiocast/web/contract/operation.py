"""What is declared of one method of one path: plain data, of which `document` makes OpenAPI's."""

from dataclasses import dataclass
from typing import Any

from audiocast.web.contract.requests import STREAM_ID

JSON = "application/json"
HTML = "text/html"
XML = "text/xml"
BINARY = "application/octet-stream"

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A part of the path, or an argument of the query.

    Attributes:
        name: As the path or the query has it.
        text: What it means.
        place: "path", "query" or "header".
        schema: Of its value.
        is_required: The request is refused without it.
    """

    name: str
    text: str
    place: str = "query"
    schema: Schema | None = None
    is_required: bool = False


ID = Parameter(
    "id",
    "The stream's id.",
    place="path",
    schema={**TEXT, "pattern": f"^{STREAM_ID.pattern}$"},
    is_required=True,
)
MOUNT = Parameter("mount", "`/stream/ID`, `/ingest/ID`, or an alias.")
NEEDED_MOUNT = Parameter("mount", MOUNT.text, is_required=True)


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request.

    Attributes:
        media_type: Of it.
        content: A model, or a schema.
        text: What it is.
        is_required: There must be one.
    """

    media_type: str
    content: type | Schema
    text: str = ""
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class DeclaredAnswer:
    """One answer that is no error.

    Attributes:
        text: What it is.
        content: A type of `responses`, or a schema; None: no body.
        status: HTTP status.
        media_type: Of the body.
        other_media_types: Of the body, instead.
    """

    text: str
    content: type | Schema | None = None
    status: int = 200
    media_type: str = JSON
    other_media_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. A HEAD beside each GET needs no declaration.

    Attributes:
        method: In upper case.
        path: With names in braces.
        name: Of the operation, for programs that are made of the document.
        summary: A line for people.
        answers: All that are no errors; what each GET may answer beside (302, 304) is not declared.
        errors: Codes of `error_codes`, without `UNREADABLE`.
        parameters: Of path and query.
        body: Of the request, if it has one.
        security: Names of the document's security schemes, any of which will do.
        may_be_anonymous: The request may have none of them.
        is_endless: The answer has no end: audio, or events.
        answers_plain_http: Also when others are redirected to HTTPS.
        has_error_page: Browsers get errors as a page.
        text: More than a line.
    """

    method: str
    path: str
    name: str
    summary: str
    answers: tuple[DeclaredAnswer, ...]
    errors: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    security: tuple[str, ...] = ()
    may_be_anonymous: bool = False
    is_endless: bool = False
    answers_plain_http: bool = False
    has_error_page: bool = False
    text: str = ""

"""JSON bodies of requests: bytes become a checked model, or an error that names what was expected."""

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from audiocast.web.http.errors import ApiError

Model = TypeVar("Model", bound=BaseModel)


def parse_body(data: bytes, model: type[Model], *, example: str) -> Model:
    """Return the model that a JSON object holds; no body at all is an empty object.

    Args:
        data: The request's body.
        model: Checks the object.
        example: A valid body, for the error's message.

    Raises:
        ApiError: 400, the body is no JSON, or not this model.
    """
    try:
        return model.model_validate(json.loads(data or b"{}"))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "body"
        raise ApiError(400, "bad_request", f"{where}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "bad_json", f"expected a JSON object like {example}") from error


def parse_object(data: bytes) -> dict[str, Any]:
    """Return the JSON object of a body.

    Raises:
        ApiError: 400, the body is none.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ApiError(400, "bad_json", "expected a JSON object")
    return value

"""JSON bodies: bytes to a checked model, or an error that says what was expected."""

import json
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from audiocast.web.http.errors import ApiError

Model = TypeVar("Model", bound=BaseModel)


def parse_body(data: bytes, model: type[Model], *, example: str) -> Model:
    """Give the model that a JSON object holds; no body at all is an empty object.

    Args:
        data: The request's body.
        model: What it must be.
        example: A body as it should be, for the error's message.

    Raises:
        ApiError: 400, it is no JSON, or not this model.
    """
    try:
        return model.model_validate(json.loads(data or b"{}"))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "body"
        raise ApiError(400, "bad_request", f"{where}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "bad_json", f"expected a JSON object like {example}") from error

"""JSON of answers: a text that slipped through makes no answer fail."""

import json

from audiocast.web.http.errors import ApiError
from audiocast.web.http.json_text import encode_json


def test_text_is_utf_8_without_escapes() -> None:
    assert encode_json({"title": "Песня 🎧"}) == '{"title": "Песня 🎧"}'.encode()


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert json.loads(encode_json({"\ud800": ["a\udfff", "b"]})) == {"?": ["a?", "b"]}
    assert json.loads(ApiError(400, "bad_request", "\ud800: extra").body)["message"] == "?: extra"

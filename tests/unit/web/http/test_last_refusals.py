"""Refusals are kept for a minute, the last one of each stream, and not more than there is room for."""

from audiocast.web.http.errors import MAX_MESSAGE_CHARACTERS, ApiError
from audiocast.web.http.last_refusals import KEPT_SECONDS, MAX_KEPT, LastRefusals

NOT_OPUS = ApiError(415, "not_ogg_opus", "expected Ogg Opus, got MP3")
TOO_FAST = ApiError(429, "too_fast", "expected audio in real time")


def test_the_last_one_of_a_stream_is_kept_for_a_minute() -> None:
    now = 1000.0
    refusals = LastRefusals(lambda: now)
    refusals.note("a", TOO_FAST)
    now += 1
    refusals.note("a", NOT_OPUS)
    refusals.note("b", TOO_FAST)
    now += KEPT_SECONDS
    assert refusals.get("a") == {
        "code": "not_ogg_opus",
        "message": "expected Ogg Opus, got MP3",
        "at": 1001.0,
    }
    now += 0.1
    assert refusals.get("a") is None
    assert refusals.get("never") is None


def test_too_many_push_out_the_oldest() -> None:
    refusals = LastRefusals(lambda: 0.0)
    for number in range(MAX_KEPT):
        refusals.note(str(number), NOT_OPUS)
    refusals.note("0", TOO_FAST)
    refusals.note("new", NOT_OPUS)
    assert refusals.get("1") is None
    assert refusals.get("0") == {"code": "too_fast", "message": "expected audio in real time", "at": 0.0}


def test_a_message_is_as_long_as_in_the_answer() -> None:
    refusals = LastRefusals(lambda: 0.0)
    refusals.note("a", ApiError(400, "bad_crc", "x" * 5000))
    refusal = refusals.get("a")
    assert refusal is not None
    assert refusal["message"] == "x" * MAX_MESSAGE_CHARACTERS

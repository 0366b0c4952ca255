"""The table of troubles: whole, plain, and nothing secret in it."""

import pytest

from tk_streamer.errors import BadAnswer, ConnectionLost, Refused, SoundError
from tk_streamer.trouble import EXPLANATIONS, About, Lasts, Trouble


@pytest.mark.parametrize("code", EXPLANATIONS)
def test_each_is_said_in_sentences(code: str) -> None:
    trouble = Trouble.of_code(code, "some detail")
    assert trouble.message.endswith(".")
    assert len(trouble.message) <= 110
    # A person can do something about what does not pass by itself, or is told by the detail why not.
    assert trouble.remedy or code in ("refused", "encoder_failed") or trouble.lasts is Lasts.FOR_NOW
    assert str(trouble).startswith(trouble.message)
    assert "some detail" in str(trouble)
    assert trouble.about in About


@pytest.mark.parametrize(
    ("status", "code", "expected", "lasts"),
    [
        (401, "bad_key", "bad_key", Lasts.FOR_GOOD),
        (409, "taken_over", "taken_over", Lasts.FOR_GOOD),
        (410, "stream_ended", "stream_ended", Lasts.FOR_GOOD),
        (415, "not_ogg_opus", "refused", Lasts.FOR_GOOD),
        (400, "", "refused", Lasts.FOR_GOOD),
        (301, "", "redirected", Lasts.UNTIL_PROVEN),
        (404, "", "not_audiocast", Lasts.UNTIL_PROVEN),
        (408, "source_stalled", "server_error", Lasts.FOR_NOW),
        (429, "too_fast", "too_fast", Lasts.FOR_NOW),
        (429, "", "server_error", Lasts.FOR_NOW),
        (500, "", "server_error", Lasts.FOR_NOW),
        (502, "", "server_error", Lasts.FOR_NOW),
        (503, "server_full", "server_full", Lasts.FOR_NOW),
        (503, "shutting_down", "shutting_down", Lasts.FOR_NOW),
    ],
)
def test_answers_are_explained_and_known_to_last(status: int, code: str, expected: str, lasts: Lasts) -> None:
    trouble = Trouble.of_error(Refused(status, code, "words of the server"))
    assert (trouble.code, trouble.lasts) == (expected, lasts)
    assert "words of the server" in trouble.detail


def test_other_errors_keep_their_codes() -> None:
    assert Trouble.of_error(ConnectionLost("x", code="certificate")).code == "certificate"
    assert Trouble.of_error(ConnectionLost("x")).code == "connection_lost"
    assert Trouble.of_error(BadAnswer("x")).code == "not_audiocast"
    assert Trouble.of_error(SoundError("device_busy", "x")).code == "device_busy"


def test_a_key_that_a_restart_has_made_worthless_comes_with_the_remedy() -> None:
    assert "SECRET_KEYS" in str(Trouble.of_code("bad_key"))

"""The table of troubles: whole, plain, and nothing secret in it."""

import pytest

from tk_streamer.errors import BadResponse, ConnectionLost, RequestRefused, SoundError
from tk_streamer.trouble import EXPLANATIONS, Permanence, Trouble, TroubleArea


@pytest.mark.parametrize("code", EXPLANATIONS)
def test_each_is_said_in_sentences(code: str) -> None:
    trouble = Trouble.of_code(code, "some detail")
    assert trouble.message.endswith(".")
    assert len(trouble.message) <= 110
    # A person can do something about what does not pass by itself, or is told by the detail why not.
    assert (
        trouble.remedy or code in ("refused", "encoder_failed") or trouble.permanence is Permanence.TEMPORARY
    )
    assert str(trouble).startswith(trouble.message)
    assert "some detail" in str(trouble)
    assert trouble.area in TroubleArea


@pytest.mark.parametrize(
    ("status", "code", "expected", "permanence"),
    [
        (401, "bad_key", "bad_key", Permanence.PERMANENT),
        (409, "taken_over", "taken_over", Permanence.PERMANENT),
        (410, "stream_ended", "stream_ended", Permanence.PERMANENT),
        (415, "not_ogg_opus", "refused", Permanence.PERMANENT),
        (400, "", "refused", Permanence.PERMANENT),
        (301, "", "redirected", Permanence.PERMANENT_BEFORE_AIR),
        (404, "", "not_audiocast", Permanence.PERMANENT_BEFORE_AIR),
        (408, "source_stalled", "server_error", Permanence.TEMPORARY),
        (429, "too_fast", "too_fast", Permanence.TEMPORARY),
        (429, "", "server_error", Permanence.TEMPORARY),
        (500, "", "server_error", Permanence.TEMPORARY),
        (502, "", "server_error", Permanence.TEMPORARY),
        (503, "server_full", "server_full", Permanence.TEMPORARY),
        (503, "shutting_down", "shutting_down", Permanence.TEMPORARY),
    ],
)
def test_answers_are_explained_and_known_to_last(
    status: int, code: str, expected: str, permanence: Permanence
) -> None:
    trouble = Trouble.of_error(RequestRefused(status, code, "words of the server"))
    assert (trouble.code, trouble.permanence) == (expected, permanence)
    assert "words of the server" in trouble.detail


def test_other_errors_keep_their_codes() -> None:
    assert Trouble.of_error(ConnectionLost("x", code="certificate")).code == "certificate"
    assert Trouble.of_error(ConnectionLost("x")).code == "connection_lost"
    assert Trouble.of_error(BadResponse("x")).code == "not_audiocast"
    assert Trouble.of_error(SoundError("device_busy", "x")).code == "device_busy"


def test_a_key_that_a_restart_has_made_worthless_comes_with_the_remedy() -> None:
    assert "SECRET_KEYS" in str(Trouble.of_code("bad_key"))

"""What the command writes while it runs."""

import io

import pytest

from tk_streamer.audio.level import Level
from tk_streamer.command.report import LineReport, TerminalReport, describe_level
from tk_streamer.engine.broadcast_state import Phase
from tk_streamer.engine.station import BroadcastStatus
from tk_streamer.trouble import Trouble

FAILED = BroadcastStatus(Phase.FAILED, trouble=Trouble.of_code("token_needed"))


@pytest.mark.parametrize("kind", [LineReport, TerminalReport])
def test_a_failure_says_nothing_of_what_was_never_sent(kind: type[LineReport]) -> None:
    written = io.StringIO()
    kind(written).end(FAILED)
    last = written.getvalue().replace("\r", "").split("\x1b[K")[-1] or "nothing"
    assert "0:00:00 sent" not in (written.getvalue() if kind is LineReport else last)
    assert "The server wants an API token." in written.getvalue()


def test_what_was_sent_is_summed_up() -> None:
    written = io.StringIO()
    LineReport(written).end(BroadcastStatus(Phase.STOPPED, bytes_sent=1_000_000, seconds_sent=61.0))
    assert written.getvalue() == "stopped\n0:01:01 sent, 1.0 MB\n"


def test_the_meter_has_peak_and_loudness_and_says_when_the_limiter_works() -> None:
    level = Level(peak_dbfs=-12.3, rms_dbfs=-30.0, short_term_lufs=-23.4)
    assert describe_level(BroadcastStatus(Phase.ON_AIR, level=level)) == "[######      ] -12.3 dB  -23.4 LUFS"
    limited = Level(peak_dbfs=-4.0, rms_dbfs=-15.0, short_term_lufs=-13.0, limited_db=3.4)
    assert describe_level(BroadcastStatus(Phase.ON_AIR, level=limited)).endswith("LUFS LIMITED 3 dB")

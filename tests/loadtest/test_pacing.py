"""How often live listeners are sent to, and how late: by the server's own fan-out on a clock of its own.

The same arguments give the same numbers on every machine, so what docs/fan-out.md promises is looked at here.
"""

import pytest

from loadtest.simulation.pacing import main, paced

SEND_SECONDS = 8e-6
LOW_SECONDS = 0.08


def test_a_hundred_live_listeners_are_sent_each_page_at_once() -> None:
    found = paced(100, send_seconds=SEND_SECONDS, aim_seconds=LOW_SECONDS)
    assert found.sends_a_second == pytest.approx(50, rel=0.01)
    assert found.delay_p99_ms <= 1


def test_a_thousand_are_sent_two_pages_at_a_time() -> None:
    found = paced(1000, send_seconds=SEND_SECONDS, aim_seconds=LOW_SECONDS)
    assert found.sends_a_second == pytest.approx(25, rel=0.01)
    assert found.delay_p99_ms <= 30


def test_pages_of_five_thousand_wait_for_one_pass_and_not_for_two() -> None:
    assert paced(5000, send_seconds=SEND_SECONDS, aim_seconds=LOW_SECONDS).delay_p99_ms <= 65


def test_the_command_prints_a_row_for_each_crowd_and_share(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--listeners", "10", "20", "--share", "0.25"]) == 0
    assert [line.split(" | ")[:2] for line in capsys.readouterr().out.splitlines()[2:]] == [
        ["| 10", "0.25"],
        ["| 20", "0.25"],
    ]

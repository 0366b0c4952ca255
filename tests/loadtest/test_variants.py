"""The fan-out's tools: a changed server still serves, and what they print is what was counted."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from loadtest.bench import hot_spots, variants
from loadtest.bench.programs import compiled
from loadtest.bench.trial import Trial, measure
from loadtest.bench.variants import ROOT, VARIANTS, Mix
from tests.loadtest.test_criteria import GOOD as COMPARED

GOOD = replace(COMPARED, system_us=0.0)
STACKS = """\
<module> (audiocast/__main__.py:5);run (loop.py:9);select (selectors.py:468) 50
<module> (audiocast/__main__.py:5);run (loop.py:9);pass (fanout.py:180);send (fanout.py:198) 30
<module> (audiocast/__main__.py:5);run (loop.py:9);pass (fanout.py:181);send (fanout.py:199) 6
<module> (audiocast/__main__.py:5);run (loop.py:9);feed (source.py:7) 4
"""


@pytest.mark.parametrize("name", ["low-own-copies", "low-tornado", "spread"])
def test_a_changed_server_serves(folder: Path, name: str) -> None:
    variant = VARIANTS[name]
    trial = Trial(name, page_ms=20, listeners=5, seconds=1.0, latency=variant.latency)
    sample = measure(trial, folder, {name: variant.contender(name)})
    assert sample.pages_a_second > 0
    assert (sample.gaps, sample.disconnects) == (0, 0)


def test_a_change_is_made_in_the_servers_process(folder: Path) -> None:
    name = "low-own-copies"
    contender = VARIANTS[name].contender(name)
    with contender(folder) as server:
        environment = Path(f"/proc/{server.pid}/environ").read_bytes().decode().split("\0")
    [site] = [each.partition("=")[2] for each in environment if each.startswith("PYTHONPATH=")]
    assert (Path(site) / "sitecustomize.py").read_text() == VARIANTS[name].change


def test_the_server_of_another_checkout_is_started_there(folder: Path) -> None:
    checkout = folder / "checkout"
    checkout.mkdir()
    (checkout / "audiocast").symlink_to(ROOT / "audiocast")
    known = variants.of_another_checkout(checkout)
    assert [variant.low for variant in known.values()] == [False, True]
    with known["before"].contender("before")(folder) as server:
        # Python looks for what `-m` names there before anywhere else.
        assert Path(f"/proc/{server.pid}/cwd").resolve() == checkout.resolve()


def test_a_mix_is_read_and_paid_for_by_the_source_where_there_are_several() -> None:
    mixes = [Mix.parse("1x1000"), Mix.parse("20x50")]
    trials = [mix.trial("low", 20, 5.0, "low") for mix in mixes]
    assert [(each.streams, each.listeners, each.per) for each in trials] == [
        (1, 1000, "listener"),
        (20, 1000, "source"),
    ]
    with pytest.raises(ValueError, match="invalid literal"):
        Mix.parse("20")


def test_a_turn_without_a_sample_is_left_out_of_the_multiples() -> None:
    mix, usual = Mix(1, 1000), [replace(GOOD, user_us=10.0), replace(GOOD, user_us=20.0), GOOD]
    row = variants._row(mix, VARIANTS["low"], [replace(GOOD, user_us=30.0), None, None], [*usual])
    assert row.startswith("| 1 x 1,000 | latency=low, as it is | 3.00 | 3.00 to 3.00 |")
    assert "no audio for all listeners" in variants._row(mix, VARIANTS["low"], [None] * 3, [*usual])


def test_shares_are_of_work_and_not_of_waiting(capsys: pytest.CaptureFixture[str]) -> None:
    hot_spots._print_shares(STACKS)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "40 samples",
        "",
        "lines, by themselves",
        "  75.0%  send (fanout.py:198)",
        "  15.0%  send (fanout.py:199)",
        "  10.0%  feed (source.py:7)",
        "",
        "functions, with all that they call",
        "  90.0%  pass (fanout.py)",
        "  90.0%  send (fanout.py)",
        "  10.0%  feed (source.py)",
    ]


@pytest.mark.parametrize("arguments", [[], ["0", "268", "1"], ["5", "0", "1"], ["5", "268", "0"]])
def test_wrong_arguments_are_told(folder: Path, arguments: list[str]) -> None:
    done = subprocess.run([compiled("send_ways", folder), *arguments], capture_output=True, text=True)
    assert done.returncode == 2
    assert "send_ways" in done.stderr

"""The promises: numbers that keep them pass, numbers that break them fail, and nothing passes unmeasured."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from loadtest.bench import compare
from loadtest.bench.criteria import Verdict, verdicts
from loadtest.bench.plot import plot
from loadtest.bench.results import Results
from loadtest.bench.scenarios import SCENARIOS, Plan
from loadtest.bench.table import table
from loadtest.bench.trial import Sample, Trial

GOOD = Sample(
    user_us=10,
    system_us=10,
    pages_a_second=50,
    delay_p50_ms=10,
    delay_p99_ms=20,
    delay_max_ms=30,
    gaps=0,
    disconnects=0,
    join_seconds=0.5,
    memory_bytes=1000,
    source_late_p99_ms=1,
    load_average=0.1,
    server_busy=0.5,
    load_busy=0.5,
    others_busy=0.0,
)
# What a good audiocast is compared with: this many times its own cost.
DEAR = {"icecast": 10.0, "icecast-tls": 10.0, "audiocast-nginx": 2.0}


def trials() -> list[Trial]:
    every = [trial for scenario in SCENARIOS.values() for trial in scenario(Plan(seconds=1))]
    return list(dict.fromkeys(every))


def results(changed: str = "", **changes: float) -> Results:
    """Give a run in which all is good, but for one contender if wanted."""
    run = Results()
    for trial in trials():
        factor = DEAR.get(trial.contender, 1.0)
        sample = replace(GOOD, user_us=GOOD.user_us * factor, system_us=GOOD.system_us * factor)
        run.add(trial, replace(sample, **changes) if trial.name == changed else sample)
    return run


def broken(run: Results) -> list[Verdict]:
    return [verdict for verdict in verdicts(run) if verdict.kept is False]


def test_good_numbers_keep_every_promise() -> None:
    assert {verdict.kept for verdict in verdicts(results())} == {True}


def test_without_numbers_nothing_is_kept() -> None:
    assert {verdict.kept for verdict in verdicts(Results())} == {None}


def test_each_number_that_is_too_large_breaks_a_promise() -> None:
    # Three page sizes, sources with and without listeners.
    assert len(broken(results("audiocast", system_us=1e6))) == 5
    assert len(broken(results("audiocast low", system_us=1e6))) == 2
    assert len(broken(results("audiocast low", delay_p99_ms=26))) == 1
    # Default at 20 ms, two crowds, ten thousand listeners, a thousand streams, five hundred of short pages.
    # And a server that loses audio has not done the work of sources whose cost is compared.
    assert len(broken(results("audiocast", gaps=1))) == 6 + 2
    assert len(broken(results("audiocast", disconnects=1))) == 6 + 2
    assert len(broken(results("audiocast", delay_p99_ms=501))) == 6 + 2
    assert len(broken(results("audiocast live", delay_p99_ms=101))) == 1
    assert len(broken(results("audiocast live", gaps=1))) == 1
    assert broken(results("icecast", gaps=1, disconnects=1)) == []
    assert len(broken(results("audiocast", join_seconds=5.1))) == 2
    assert len(broken(results("audiocast", memory_bytes=6145))) == 1


def test_each_number_that_is_too_large_with_tls_breaks_a_promise() -> None:
    # Beside Icecast, and beside nginx in front of audiocast.
    assert len(broken(results("audiocast-tls", user_us=1e6))) == 2
    assert len(broken(results("audiocast-tls live", user_us=1e6))) == 1
    assert len(broken(results("audiocast-nginx", user_us=0, system_us=10))) == 1
    # A thousand listeners, and those who listen as a crowd comes.
    assert len(broken(results("audiocast-tls", delay_p99_ms=151))) == 2
    assert len(broken(results("audiocast-tls live", delay_p99_ms=61))) == 1
    assert len(broken(results("audiocast-tls", join_seconds=3.1))) == 1


def test_a_full_core_hides_what_a_server_costs() -> None:
    assert len(broken(results("audiocast", server_busy=0.98))) == 5


def test_listeners_without_time_are_told() -> None:
    told = [
        verdict
        for verdict in verdicts(results("audiocast-tls live", load_busy=0.98))
        if "full" in verdict.numbers
    ]
    assert [verdict.kept for verdict in told] == [True]


def test_one_scenario_measures_every_promise_about_what_people_deploy() -> None:
    run = Results()
    for trial in SCENARIOS["deployed"](Plan(seconds=1)):
        run.add(trial, GOOD)
    unmeasured = [verdict.promise for verdict in verdicts(run) if verdict.kept is None]
    others = (
        "100 ms pages",
        "1000 ms pages",
        "1000 join at once: ",
        "5000 join at once: ",
        "10,000",
        "1,000 streams",
    )
    assert [promise for promise in unmeasured if not promise.startswith(others)] == []


def test_no_trial_is_measured_for_two_scenarios() -> None:
    options = compare._parser().parse_args([])
    kinds = [trial.kind for group in compare._groups(options) for trial in group]
    assert len(kinds) == len(set(kinds))
    assert set(kinds) == {trial.kind for trial in trials()}


def test_other_work_on_the_machine_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare._report(results(), tmp_path)
    assert "quiet" not in capsys.readouterr().out
    compare._report(results("audiocast-tls live", others_busy=0.2), tmp_path)
    assert "Not a quiet machine: 1 of " in capsys.readouterr().out


def test_promises_are_written_as_rows_of_a_document(tmp_path: Path) -> None:
    run = Results()
    for trial in SCENARIOS["https"](Plan(seconds=1)):
        run.add(trial, replace(GOOD, delay_p99_ms=100))
    compare._report(run, tmp_path)
    rows = (tmp_path / "promises.md").read_text().splitlines()
    assert rows[0] == "| promise | | measured |"
    assert [row.split(" | ")[1] for row in rows[2:]] == ["FAIL", "FAIL", "PASS", "FAIL", "FAIL"]


def test_a_trial_that_failed_once_keeps_nothing() -> None:
    run = results()
    for trial in trials():
        run.fail(trial, "expected a line, got none")
    assert {verdict.kept for verdict in verdicts(run)} == {False}
    assert {verdict.numbers for verdict in verdicts(run)} == {"expected a line, got none"}
    assert "expected a line, got none" in table(run)


def with_one_more(changed: Sample) -> Results:
    """Give three samples of each trial of audiocast, the last of them changed."""
    run = results()
    for trial in trials():
        if trial.name == "audiocast":
            run.add(trial, GOOD)
            run.add(trial, changed)
    return run


def test_medians_are_judged() -> None:
    assert broken(with_one_more(replace(GOOD, delay_p99_ms=9000, system_us=1e6))) == []


def test_costs_are_compared_within_a_turn() -> None:
    own, floor = Trial("audiocast", 20, 1000, 1, latency="low"), Trial("floor", 20, 1000, 1)
    # Of another window: the same kind of trial.
    asked = Trial("audiocast", 20, 1000, 5, latency="low", once=True)
    run = Results()
    # The machine is slower from turn to turn, and one sample of each has bad luck of its own.
    for own_us, floor_us in ((11, 10), (22, 20), (99, 30)):
        run.add(own, replace(GOOD, user_us=own_us, system_us=0))
        run.add(floor, replace(GOOD, user_us=floor_us, system_us=0))
    assert run.cost_ratio(asked, floor) == 1.1
    assert run.cost_ratio(asked, Trial("icecast", 20, 1000, 1)) is None
    assert run.cost_ratio(Trial("audiocast", 20, 1000, 1), floor) is None
    run.fail(floor, "expected a line, got none")
    assert run.cost_ratio(asked, floor) is None


def test_but_every_gap_counts() -> None:
    assert len(broken(with_one_more(replace(GOOD, gaps=1)))) == 6 + 2


def test_everything_measured_is_shown(tmp_path: Path) -> None:
    run = results()
    shown = table(run).splitlines()
    saved = tmp_path / "results.json"
    run.save(saved)
    distinct = set(trials())
    assert len(shown) == len(distinct) + 2
    assert len({len(line) for line in shown}) == 1
    assert len(json.loads(saved.read_text())) == len(distinct)
    assert [path.name for path in plot(run, tmp_path)] == ["fan-out-pages.png", "fan-out.png"]
    assert all(
        (tmp_path / name).read_bytes().startswith(b"\x89PNG") for name in ("fan-out-pages.png", "fan-out.png")
    )

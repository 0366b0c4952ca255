"""Counters and histograms: what Prometheus will read."""

import dataclasses

from audiocast.stream.counters import Counters, Histogram


def test_a_value_on_a_bound_counts_below_it() -> None:
    histogram = Histogram((0.1, 0.5, 1.0))
    for value in (0.1, 0.5, 0.50001):
        histogram.observe(value)
    assert histogram.cumulative() == [("0.1", 1), ("0.5", 2), ("1.0", 3), ("+Inf", 3)]


def test_values_above_all_bounds_count_in_the_last_bucket_alone() -> None:
    histogram = Histogram((0.1, 0.5))
    histogram.observe(7)
    assert histogram.cumulative() == [("0.1", 0), ("0.5", 0), ("+Inf", 1)]


def test_the_sum_is_that_of_all_values() -> None:
    histogram = Histogram((1.0,))
    for value in (0.25, 0.5, 4):
        histogram.observe(value)
    assert histogram.sum == 4.75


def test_refusals_are_counted_by_code() -> None:
    counters = Counters()
    for code in ("too_fast", "no_audio", "too_fast"):
        counters.refuse(code)
    assert counters.refused_sources == {"too_fast": 2, "no_audio": 1}


def test_nodes_do_not_share_numbers() -> None:
    one, other = Counters(), Counters()
    one.refuse("too_fast")
    one.delay.observe(1)
    assert other.refused_sources == {}
    assert other.delay.sum == 0


def test_everything_begins_at_nothing() -> None:
    counters = Counters()
    numbers = [each.name for each in dataclasses.fields(counters) if each.type in (int, float)]
    assert {name: getattr(counters, name) for name in numbers} == dict.fromkeys(numbers, 0)
    assert len(numbers) > 10
    assert set(counters.hls.values()) == {0}
    assert counters.delay.sum == counters.jitter.sum == 0


def test_the_bounds_of_histograms_are_those_that_dashboards_ask_for() -> None:
    counters = Counters()
    delays = [name for name, _ in counters.delay.cumulative()]
    assert " ".join(delays) == "0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.15 0.25 0.5 1.0 2.5 +Inf"
    jitters = [name for name, _ in counters.jitter.cumulative()]
    assert " ".join(jitters) == "0.005 0.01 0.02 0.05 0.1 0.25 0.5 1.0 2.5 +Inf"


def test_answers_to_players_of_hls_are_counted_by_kind_and_their_bytes_with_all_others() -> None:
    counters = Counters(sent_bytes=1000)
    counters.count_hls("part")
    counters.count_hls("part")
    counters.count_hls("playlist")
    counters.count_hls_bytes(50)
    assert counters.hls == {"playlist": 1, "init": 0, "segment": 0, "part": 2}
    assert counters.sent_bytes == 1050

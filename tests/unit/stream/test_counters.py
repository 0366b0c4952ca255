"""Counters and histograms: what Prometheus will read."""

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

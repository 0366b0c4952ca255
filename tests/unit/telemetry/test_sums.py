"""Metrics of several processes become those of one."""

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import choose_encoder
from prometheus_client.parser import text_string_to_metric_families

from audiocast.telemetry.sums import SHARED, SummedMetrics


def process(number: int) -> str:
    """Return the metrics of one process."""
    metrics = CollectorRegistry()
    Counter("audiocast_listener_joins_total", "Listeners.", registry=metrics).inc(number)
    streams = Gauge("audiocast_streams", "Streams.", ["state"], registry=metrics)
    streams.labels("live").set(number)
    if number > 1:
        streams.labels("held").set(1)
    Histogram("audiocast_loop_lag_seconds", "Lag.", buckets=(0.1, 1.0), registry=metrics).observe(number / 2)
    Gauge("audiocast_members", "Members.", registry=metrics).set(number)
    return generate_latest(metrics).decode()


def samples(text: str) -> dict[str, float]:
    """Return all samples with their labels' values behind the name."""
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def test_the_same_series_are_added_up_and_others_stand_beside_them() -> None:
    assert samples(generate_latest(SummedMetrics([process(1), process(2)])).decode()) == {
        "audiocast_listener_joins_total": 3,
        "audiocast_streams live": 3,
        "audiocast_streams held": 1,
        "audiocast_loop_lag_seconds_bucket 0.1": 0,
        "audiocast_loop_lag_seconds_bucket 1.0": 2,
        "audiocast_loop_lag_seconds_bucket +Inf": 2,
        "audiocast_loop_lag_seconds_count": 2,
        "audiocast_loop_lag_seconds_sum": 1.5,
        "audiocast_members": 2,
    }


@pytest.mark.parametrize("name", sorted(SHARED))
def test_what_all_say_of_the_same_thing_is_not_added_up(name: str) -> None:
    text = f"# TYPE {name} gauge\n{name} 5.0\n"
    assert samples(generate_latest(SummedMetrics([text, text])).decode()) == {name: 5}


def test_what_is_shared_is_known_by_where_it_is_made() -> None:
    assert sorted(SHARED) == [
        "audiocast_build_info",
        "audiocast_certificate_expires_timestamp_seconds",
        "audiocast_certificate_refused",
        "audiocast_draining",
        "audiocast_members",
        "audiocast_stream_rules",
        "audiocast_stream_rules_refused",
        "process_start_time_seconds",
        "python_info",
    ]


def test_one_that_is_not_there_counts_for_nothing() -> None:
    one = samples(generate_latest(SummedMetrics([process(2)])).decode())
    assert samples(generate_latest(SummedMetrics(["", process(2)])).decode()) == one
    assert generate_latest(SummedMetrics(["", ""])) == b""


def test_types_and_texts_are_kept() -> None:
    text = generate_latest(SummedMetrics([process(1), process(2)])).decode()
    assert "# HELP audiocast_listener_joins_total Listeners.\n" in text
    assert "# TYPE audiocast_listener_joins_total counter\n" in text
    assert "# TYPE audiocast_loop_lag_seconds histogram\n" in text


def test_the_other_format_can_be_had_too() -> None:
    encode, _ = choose_encoder("application/openmetrics-text")
    assert encode(SummedMetrics([process(1)])).endswith(b"# EOF\n")

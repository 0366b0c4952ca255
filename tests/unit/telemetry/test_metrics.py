"""The numbers of streams as metrics: what is counted is what is scraped, from the first scrape on."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from audiocast.hls.muxer import HlsMuxers
from audiocast.ogg.errors import OggError, PacketError, PageError, UnknownSerial
from audiocast.stream.admission import Admission
from audiocast.stream.counters import Counters
from audiocast.stream.errors import BadPicture, ServerFull, SourceError, StreamError
from audiocast.stream.hub_state import HubLimits
from audiocast.stream.registry import Registry
from audiocast.telemetry.metrics import COUNTERS, GAUGES, REFUSAL_CODES, StreamMetrics
from tests.support.clock.fake_clock import FakeClock

# Fields that have more than one series.
NOT_PLAIN = (
    *("hls_listeners", "hls_sessions", "refused_sources", "source_faults", "hls", "delay", "jitter"),
    "switches",
)

# Names for groups of errors; a page of an unknown stream never ends a source by itself.
# Of a picture, which no source has sent.
OF_NO_SOURCE = {BadPicture}
NEVER_RAISED = {OggError, PageError, PacketError, StreamError, SourceError, UnknownSerial}


@pytest.fixture
def streams() -> Registry:
    return Registry(clock=FakeClock(), limits=HubLimits(), max_streams=10)


@pytest.fixture
def admission(streams: Registry) -> Admission:
    return Admission(streams.counters, max_listeners=0, max_waiting=0, max_egress_bps=0, max_lag_seconds=0)


@pytest.fixture
def metrics(streams: Registry, admission: Admission) -> CollectorRegistry:
    metrics = CollectorRegistry()
    StreamMetrics(
        streams,
        metrics,
        admission=admission,
        hls_muxers=HlsMuxers(streams.clock),
        version="1.2.3",
        node="pod-0",
    )
    return metrics


def descendants(kind: type[Exception]) -> set[type[Exception]]:
    return {kind}.union(*map(descendants, kind.__subclasses__()))


def test_each_number_is_scraped_under_its_name(streams: Registry, metrics: CollectorRegistry) -> None:
    plain = [name for name in Counters.__slots__ if name not in NOT_PLAIN]
    for number, name in enumerate(plain, start=1):
        setattr(streams.counters, name, number)
    scraped = {name: metrics.get_sample_value(name) for name in (*GAUGES, *COUNTERS)}
    assert sorted(value or 0 for value in scraped.values()) == list(range(1, len(plain) + 1)), (
        "each is there, and none twice"
    )
    assert scraped["audiocast_listeners"] == plain.index("listeners") + 1
    assert scraped["audiocast_source_takeovers_total"] == plain.index("takeovers") + 1


def test_histograms_are_scraped_with_their_bounds(streams: Registry, metrics: CollectorRegistry) -> None:
    streams.counters.delay.observe(0.003)
    streams.counters.jitter.observe(7)
    value = metrics.get_sample_value
    assert value("audiocast_fanout_delay_seconds_bucket", {"le": "0.0025"}) == 0
    assert value("audiocast_fanout_delay_seconds_bucket", {"le": "0.005"}) == 1
    assert value("audiocast_fanout_delay_seconds_sum") == 0.003
    assert value("audiocast_source_jitter_seconds_bucket", {"le": "2.5"}) == 0
    assert value("audiocast_source_jitter_seconds_count") == 1


def test_who_was_turned_away_is_counted_by_reason(metrics: CollectorRegistry, admission: Admission) -> None:
    with pytest.raises(ServerFull):
        admission.check()
    name = "audiocast_listeners_turned_away_total"
    reasons = ("listeners", "egress", "lag")
    assert [metrics.get_sample_value(name, {"reason": reason}) for reason in reasons] == [1, 0, 0]


def test_streams_are_counted_by_state(streams: Registry, metrics: CollectorRegistry) -> None:
    for stream_id in ("a", "b", "c"):
        streams.open(stream_id)
    streams.open("c").close()
    counts = {
        state: metrics.get_sample_value("audiocast_streams", {"state": state})
        for state in ("waiting", "live", "held", "ended")
    }
    assert counts == {"waiting": 2, "live": 0, "held": 0, "ended": 1}


def test_every_error_that_a_source_can_end_with_is_counted() -> None:
    kinds = descendants(OggError) | descendants(StreamError)
    assert {kind.code for kind in kinds - NEVER_RAISED - OF_NO_SOURCE} <= set(REFUSAL_CODES)  # type: ignore[attr-defined]


def test_every_error_has_its_series_from_the_start(streams: Registry, metrics: CollectorRegistry) -> None:
    streams.counters.refuse("too_fast")
    counts = {
        code: metrics.get_sample_value("audiocast_source_errors_total", {"code": code})
        for code in REFUSAL_CODES
    }
    assert counts == {**dict.fromkeys(REFUSAL_CODES, 0), "too_fast": 1}


def test_version_and_name_of_the_node_are_labels(metrics: CollectorRegistry) -> None:
    labels = {"version": "1.2.3", "node": "pod-0"}
    assert metrics.get_sample_value("audiocast_build_info", labels) == 1


def test_no_label_holds_a_stream_id(streams: Registry, metrics: CollectorRegistry) -> None:
    streams.open("some-stream-id", "Some title")
    assert b"some-stream-id" not in generate_latest(metrics)
    assert b"Some title" not in generate_latest(metrics)


def test_prometheus_can_read_it_and_names_are_as_they_should_be(metrics: CollectorRegistry) -> None:
    families = list(text_string_to_metric_families(generate_latest(metrics).decode()))
    assert len(families) == len({family.name for family in families})
    assert all(family.name.startswith("audiocast_") and family.documentation for family in families)
    counters = {family.name + "_total" for family in families if family.type == "counter"}
    assert counters == {
        *COUNTERS,
        "audiocast_hls_answers_total",
        "audiocast_listeners_turned_away_total",
        "audiocast_source_errors_total",
        "audiocast_source_faults_total",
        "audiocast_fallback_errors_total",
        "audiocast_source_switches_total",
    }

"""What a server says of itself on its internal port: what the operator scales and drains by."""

from contextlib import ExitStack

from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer


def test_a_quiet_server_has_nothing(server: AudiocastServer) -> None:
    status = server.status()
    drain = {"state": "no", "listeners_left": 0, "sources_left": 0, "seconds_left": 0.0}
    assert {
        name: status[name] for name in ("listeners", "sources", "live_streams", "egress_bytes", "drain")
    } == {
        "listeners": 0,
        "sources": 0,
        "live_streams": 0,
        "egress_bytes": 0,
        "drain": drain,
    }
    assert (status["ring"], status["members"], status["draining"]) == ([status["name"]], [], False)


def test_streams_sources_and_listeners_are_counted_and_bytes_only_grow(server: AudiocastServer) -> None:
    with ExitStack() as stack:
        started = [server.start_stream() for _ in range(2)]
        for each in started:
            stack.enter_context(PacedSource(each.keyed_url, numbered_audio(seconds=30)))
            server.wait_for_state(each.stream_id, "live")
        listeners = [
            stack.enter_context(Listener(server.port, f"/stream/{started[0].stream_id}")) for _ in range(3)
        ]
        for listener in listeners:
            listener.wait_for_audio(1)
        status = server.status()
        assert (status["listeners"], status["sources"], status["live_streams"]) == (3, 2, 2)
        heard_bytes = status["egress_bytes"]
        assert heard_bytes > 0
        for listener in listeners:
            listener.wait_for_audio(listener.capture().seconds + 1)
        assert server.status()["egress_bytes"] > heard_bytes
    # Who has gone is not counted, what was sent to them is.
    status = server.status()
    assert status["egress_bytes"] > heard_bytes
    assert status["drain"]["listeners_left"] == status["listeners"]

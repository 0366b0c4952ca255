"""A show's mute and what is shown of it hold at each member, wherever encoder, owner and listeners are."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from tests.cluster.members import Members
from tests.support.audio.numbered_audio import number_of, numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource


def test_a_mute_at_any_member_silences_all_and_those_who_come_later(tmp_path: Path) -> None:
    with Members(tmp_path, 3) as members:
        started = members.start_stream(owner="m1", at="m0")
        path = f"/stream/{started.stream_id}?preroll=0"

        def edit(name: str, **body: object) -> None:
            url = f"{members[name].base}/api/streams/{started.stream_id}"
            answer = requests.patch(url, json=body, params={"key": started.ingest_key}, timeout=10)
            assert answer.status_code == 204

        def wait(holds: Callable[[dict[str, Any]], bool]) -> None:
            deadline = time.monotonic() + 15
            for name in members.names:
                while not holds(state := members[name].state(started.stream_id)):
                    assert time.monotonic() < deadline, (name, state)
                    time.sleep(0.05)

        with PacedSource(started.keyed_url, numbered_audio(seconds=120)):
            wait(lambda state: state["state"] == "live")
            with (
                Listener(members["m0"].port, path) as at_front,
                Listener(members["m1"].port, path) as at_owner,
            ):
                for listener in (at_front, at_owner):
                    listener.wait_for_audio(0.3)
                # A member that has nothing of the stream yet.
                edit("m2", title="Second half", muted=True, description="Jazz", accent="#117733")
                wait(lambda state: state["muted"] and state["title"] == "Second half")
                wait(lambda state: (state["description"], state["accent"]) == ("Jazz", "#117733"))
                with Listener(members["m2"].port, path) as late:
                    heard = [(each, each.capture().seconds) for each in (at_front, at_owner, late)]
                    for listener, seconds in heard:
                        listener.wait_for_audio(seconds + 1.5)
                        # The last second is silence: what was on its way has come before.
                        assert {number_of(packet) for packet in listener.capture().packets[-40:]} == {0}
                    wait(lambda state: state["listeners"] == 3)
                    edit("m0", muted=False)
                    wait(lambda state: not state["muted"])
                    for listener, _ in heard:
                        listener.wait_for_audio(listener.capture().seconds + 1.5)
                        assert 0 not in {number_of(packet) for packet in listener.capture().packets[-20:]}
                        listener.capture().check_one_stream()
            wait(lambda state: state["listeners"] == 0)
            # Of all together, though no member had more than one; whichever member is asked first.
            wait(lambda state: state["listener_peak"] == 3)
        key = {"key": started.ingest_key, "for_good": "false"}
        url = f"{members['m2'].base}/api/streams/{started.stream_id}"
        assert requests.delete(url, params=key, timeout=10).status_code == 204
        wait(lambda state: state["state"] == "ended" and state["last_broadcast"]["listener_peak"] == 3)
        assert members.complaints() == []

"""Members come, views differ, whole clusters are restarted: streams stay with their listeners."""

import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from audiocast.cluster.ring import order
from tests.cluster.members import Members
from tests.listener import Listener
from tests.numbered_audio import number_of, numbered_audio
from tests.source import PacedSource


def numbers(listener: Listener) -> list[int]:
    capture = listener.capture()
    capture.check_one_stream()
    return [number_of(packet) for packet in capture.packets]


def test_listeners_everywhere_hear_the_same_and_one_copy_crosses_to_each_edge(tmp_path: Path) -> None:
    with ExitStack() as stack:
        members = stack.enter_context(Members(tmp_path, 4))
        started = members.start_stream(owner="m1", at="m0")
        stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=30)))
        members["m0"].wait_for_state(started.stream_id, "live")
        path = f"/stream/{started.stream_id}?preroll=20&latency=low"
        listeners = [
            stack.enter_context(Listener(members[name].port, path))
            for name in members.names
            for _ in range(5)
        ]
        for listener in listeners:
            listener.wait_for_audio(3)
        for listener in listeners:
            heard = numbers(listener)
            assert heard == list(range(len(heard)))
        # Fifteen listeners of three members that do not own the stream: m0 has the source itself.
        assert members["m1"].metric("audiocast_relays") == 2
        assert [members[name].metric("audiocast_relays") for name in ("m0", "m2", "m3")] == [0, 0, 0]
        states = [members[name].state(started.stream_id) for name in members.names]
        assert [(state["owner"], state["listeners"]) for state in states] == [("m1", 20)] * 4
        lists = [
            requests.get(f"{members[name].base}/api/streams", timeout=5).json() for name in members.names
        ]
        assert [[each["stream_id"] for each in found["streams"]] for found in lists] == [
            [started.stream_id]
        ] * 4
        assert [each["listeners"] for found in lists for each in found["streams"]] == [20] * 4


def test_a_new_member_takes_new_streams_and_no_live_one(tmp_path: Path) -> None:
    with ExitStack() as stack:
        members = stack.enter_context(Members(tmp_path, 3, start=2))
        # Streams that the third one would own if it were there.
        held = [members.start_stream(owner="m2", at="m0") for _ in range(3)]
        for started in held:
            stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=60)))
            members["m0"].wait_for_state(started.stream_id, "live")
        owners = {started.stream_id: order(started.stream_id, ["m0", "m1"])[0] for started in held}
        listener = stack.enter_context(
            Listener(members["m1"].port, f"/stream/{held[0].stream_id}?preroll=20")
        )
        listener.wait_for_audio(1)
        members.start("m2")
        members.wait_for_view(["m0", "m1", "m2"])
        asked = members["m2"].metric("audiocast_locate_questions_total")
        late = stack.enter_context(Listener(members["m2"].port, f"/stream/{held[0].stream_id}?preroll=20"))
        late.wait_for_audio(1)
        assert members["m2"].metric("audiocast_locate_questions_total") - asked <= 2
        for started in held:
            assert members["m2"].state(started.stream_id)["owner"] == owners[started.stream_id]
        new = members.start_stream(owner="m2", at="m1")
        stack.enter_context(PacedSource(new.keyed_url, numbered_audio(seconds=60)))
        members["m1"].wait_for_state(new.stream_id, "live")
        deadline = time.monotonic() + 5
        while (owner := members["m0"].state(new.stream_id).get("owner")) != "m2":
            assert time.monotonic() < deadline, owner
            time.sleep(0.1)
        heard = numbers(listener)
        assert heard == list(range(len(heard)))


def test_what_is_said_to_one_member_is_known_to_all(tmp_path: Path) -> None:
    with ExitStack() as stack:
        members = stack.enter_context(Members(tmp_path))
        started = members.start_stream(owner="m1", at="m0")
        source = stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=60)))
        members["m0"].wait_for_state(started.stream_id, "live")
        listener = stack.enter_context(Listener(members["m2"].port, f"/stream/{started.stream_id}"))
        listener.wait_for_audio(1)
        key = {"Authorization": f"Bearer {started.ingest_key}"}
        at_m2 = f"{members['m2'].base}/api/streams/{started.stream_id}"
        assert (
            requests.put(f"{at_m2}/metadata", json={"title": "Song"}, headers=key, timeout=5).status_code
            == 204
        )
        for name in members.names:
            deadline = time.monotonic() + 5
            while (members[name].state(started.stream_id)["now_playing"] or {}).get("title") != "Song":
                assert time.monotonic() < deadline
                time.sleep(0.1)
        assert requests.delete(at_m2, headers=key, timeout=5).status_code == 204
        assert listener.wait_for_end().pages[-1].eos
        assert source.answer().status == 410
        for name in members.names:
            members[name].wait_for_state(started.stream_id, "ended")
            again = requests.post(
                started.keyed_url.replace(str(members["m0"].port), str(members[name].port)), timeout=5
            )
            assert again.status_code == 410


@pytest.mark.parametrize("signed", [False, True])
def test_the_internal_port_answers_members_only(tmp_path: Path, signed: bool) -> None:
    with Members(tmp_path, 2) as members:
        target = "/internal/streams"
        url = f"http://127.0.0.1:{members['m0'].internal_port}{target}"
        before = members["m0"].metric("audiocast_bad_signatures_total")
        if signed:
            answer = members.call("m0", "GET", target, secret="another-secret-of-others")
        else:
            answer = requests.get(url, timeout=5)
        assert (answer.status_code, answer.json()["error"]) == (403, "bad_signature")
        assert members["m0"].metric("audiocast_bad_signatures_total") == before + 1
        assert members.call("m0", "GET", target).status_code == 200


def test_a_member_with_another_secret_does_not_join(tmp_path: Path) -> None:
    with Members(tmp_path, 3, start=2) as members:
        members.start("m2", SECRET_KEYS="another-secret-of-others")
        time.sleep(5)
        assert [members.ring(name) for name in members.names] == [["m0", "m1"], ["m0", "m1"], ["m2"]]
        assert members["m0"].metric("audiocast_bad_signatures_total") > 0

"""Members come, views differ, whole clusters are restarted: streams stay with their listeners."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from audiocast.cluster.membership import HELLO_SECONDS, STABLE_SECONDS
from audiocast.cluster.ring import order
from tests.cluster.heard import check_every_page_once, numbers, path_of, sounding
from tests.cluster.members import Members
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource

pytestmark = pytest.mark.realtime


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Members]:
    with Members(tmp_path_factory.mktemp("members"), 4) as members:
        yield members


def test_listeners_everywhere_hear_the_same_and_one_copy_crosses_to_each_edge(tmp_path: Path) -> None:
    with ExitStack() as stack:
        members = stack.enter_context(Members(tmp_path, 4))
        # One source lands on each member, one of them on the owner itself.
        streams = {name: members.start_stream(owner="m1", at=name) for name in members.names}
        for name, started in streams.items():
            stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=30)))
            members[name].wait_for_state(started.stream_id, "live")
        listeners = [
            stack.enter_context(Listener(members[name].port, path_of(started)))
            for started in streams.values()
            for name in members.names
            for _ in range(3)
        ]
        for listener in listeners:
            listener.wait_for_audio(3)
        for listener in listeners:
            check_every_page_once(listener)
        # However many listen there: a copy to each of three members, or of two when the third has the source.
        assert members["m1"].metric("audiocast_relays") == 3 * 2 + 3
        assert [members[name].metric("audiocast_relays") for name in ("m0", "m2", "m3")] == [0, 0, 0]
        states = [
            members[name].state(started.stream_id) for started in streams.values() for name in members.names
        ]
        assert [(state["owner"], state["listeners"]) for state in states] == [("m1", 12)] * 16
        lists = [
            requests.get(f"{members[name].base}/api/streams", timeout=5).json() for name in members.names
        ]
        ids = {started.stream_id for started in streams.values()}
        assert [{each["stream_id"] for each in found["streams"]} for found in lists] == [ids] * 4
        assert [each["listeners"] for found in lists for each in found["streams"]] == [12] * 16


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
        members.wait_for_owner(new.stream_id, "m2", 5, of=["m0"])
        check_every_page_once(listener)


def test_a_newer_source_takes_over_from_any_member_and_nobody_is_suspected(members: Members) -> None:
    with ExitStack() as stack:
        started = members.start_stream(owner="m1", at="m0")
        old = stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=60)))
        members["m0"].wait_for_state(started.stream_id, "live")
        listeners = [
            stack.enter_context(Listener(members[name].port, path_of(started))) for name in members.names
        ]
        for listener in listeners:
            listener.wait_for_audio(1)
        # Forwarded as the one before, then at the owner itself, then forwarded again.
        for serial, name in enumerate(["m2", "m1", "m3"], start=2):
            first = 10_000 * serial
            audio = numbered_audio(seconds=60, serial=serial, first_number=first)
            new = stack.enter_context(PacedSource(members.keyed_url(started, at=name), audio))
            answer = old.answer()
            assert (answer.status, answer.error) == (409, "taken_over")
            for listener in listeners:
                listener.wait(
                    lambda listener=listener, first=first: numbers(listener)[-1] >= first + 50,  # type: ignore[misc]
                    f"the source at {name}",
                )
                heard = numbers(listener)
                tail = heard[heard.index(first) :]
                assert tail == list(range(first, first + len(tail)))
            old = new
        assert all(listener.end is None for listener in listeners)
        assert [members[name].state(started.stream_id)["owner"] for name in members.names] == ["m1"] * 4
        assert [members[name].metric("audiocast_members_lost_total") for name in members.names] == [0] * 4
        assert members.complaints() == []


def test_an_encoder_that_moves_to_another_member_is_heard_once(members: Members) -> None:
    with ExitStack() as stack:
        started = members.start_stream(owner="m1", at="m0")
        old = stack.enter_context(PacedSource(started.keyed_url, numbered_audio(seconds=60)))
        members["m0"].wait_for_state(started.stream_id, "live")
        listeners = [
            stack.enter_context(Listener(members[name].port, path_of(started))) for name in members.names
        ]
        for listener in listeners:
            listener.wait_for_audio(2)
        old.kill()
        for listener in listeners:
            listener.wait(lambda listener=listener: numbers(listener)[-1] == 0, "silence")  # type: ignore[misc]
        first = 10_000
        audio = numbered_audio(seconds=60, serial=2, first_number=first)
        stack.enter_context(PacedSource(members.keyed_url(started, at="m2"), audio))
        for listener in listeners:
            listener.wait(
                lambda listener=listener: numbers(listener)[-1] >= first + 50,  # type: ignore[misc]
                "the encoder at its new member",
            )
            heard = sounding(listener)
            again_at = heard.index(first)
            assert heard[:again_at] == list(range(1, again_at + 1))
            assert heard[again_at:] == list(range(first, first + len(heard) - again_at))
        assert members.complaints() == []


def test_what_is_said_to_one_member_is_known_to_all(members: Members) -> None:
    with ExitStack() as stack:
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
            history = requests.get(
                f"{members[name].base}/api/streams/{started.stream_id}/history", timeout=5
            ).json()
            assert [track["title"] for track in history["tracks"]] == ["Song"]
        assert requests.delete(at_m2, headers=key, timeout=5).status_code == 204
        assert listener.wait_for_end().pages[-1].is_eos
        assert source.answer().status == 410
        for name in members.names:
            members[name].wait_for_state(started.stream_id, "ended")
            again = requests.post(
                started.keyed_url.replace(str(members["m0"].port), str(members[name].port)), timeout=5
            )
            assert again.status_code == 410


def test_a_member_with_another_secret_does_not_join(tmp_path: Path) -> None:
    with Members(tmp_path, 3, start=2) as members:
        members.start("m2", SECRET_KEYS="another-secret-of-others")
        # Longer than anyone who is let in would have to wait.
        greetings = 1.2 * STABLE_SECONDS / HELLO_SECONDS
        deadline = time.monotonic() + 30
        while members["m0"].metric("audiocast_bad_signatures_total") < greetings:
            assert time.monotonic() < deadline, "it does not even try"
            time.sleep(0.1)
        assert [members.ring(name) for name in members.names] == [["m0", "m1"], ["m0", "m1"], ["m2"]]

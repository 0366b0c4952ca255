"""Strangers at members' addresses, and members' words in strangers' hands, reach nothing but a counter."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from audiocast.cluster.membership import HELLO_SECONDS, STABLE_SECONDS
from audiocast.cluster.protocol import PROTOCOL_HEADER, SIGNATURE_HEADER, PeerRequest
from audiocast.cluster.ring import order
from audiocast.cluster.signature.identity import NOBODY, Identity
from audiocast.cluster.signature.signer import MAX_SKEW_SECONDS
from tests.cluster.heard import path_of
from tests.cluster.hostile.impostor import FORGED_NUMBER, Impostor
from tests.cluster.members import Members, member_signer
from tests.support.audio.numbered_audio import number_of, numbered_audio
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource

pytestmark = pytest.mark.realtime

IMPOSTORS_SECONDS = 2 * STABLE_SECONDS
FORGED = "from=m2/0123456789abcdef mac=" + "A" * 43


@pytest.mark.parametrize("signature", ["", FORGED], ids=["no signature", "a forged one"])
def test_a_program_without_the_secret_at_a_members_address_is_nobody(tmp_path: Path, signature: str) -> None:
    with Members(tmp_path, 3, start=2) as members:
        started = members.start_stream(owner="m0", at="m0")
        while order(started.stream_id, ["m0", "m1", "evil"])[0] != "evil":
            started = members.start_stream(owner="m0", at="m0")
        with (
            Impostor(members.port("m2"), started.stream_id, signature) as impostor,
            PacedSource(started.keyed_url, numbered_audio(seconds=60)),
        ):
            members["m0"].wait_for_state(started.stream_id, "live")
            with Listener(members["m1"].port, path_of(started)) as listener:
                deadline = time.monotonic() + IMPOSTORS_SECONDS
                while time.monotonic() < deadline:
                    assert [members.ring(name) for name in ("m0", "m1")] == [["m0", "m1"]] * 2
                    time.sleep(HELLO_SECONDS)
                numbers = [number_of(packet) for packet in listener.capture().packets]
            assert numbers
            assert max(numbers) < FORGED_NUMBER
            assert {request.target for request in impostor.received} == {"/internal/hello"}
            assert impostor.frames == 0
            assert started.stream_id not in str([request.body for request in impostor.received])
            for name in ("m0", "m1"):
                unproven = members[name].metric("audiocast_unproven_answers_total")
                assert unproven >= IMPOSTORS_SECONDS / HELLO_SECONDS / 2
            replay_what_it_has(members, impostor)
        assert members.complaints() == []


def replay_what_it_has(members: Members, impostor: Impostor) -> None:
    """Send what the impostor was sent to the members: with another body, as it is, and again."""
    recorded = impostor.received[-1]
    for name in ("m0", "m1"):
        url = f"http://127.0.0.1:{members[name].internal_port}{recorded.target}"
        headers = {field: recorded.headers[field] for field in (SIGNATURE_HEADER, PROTOCOL_HEADER)}
        before = members[name].metric("audiocast_bad_signatures_total")
        changed = requests.post(url, data=recorded.body + b" ", headers=headers, timeout=5)
        assert (changed.status_code, SIGNATURE_HEADER in changed.headers) == (403, False)
        # A greeting to nobody counts once, anywhere: whoever is at that address may be greeted for it.
        statuses = [
            requests.post(url, data=recorded.body, headers=headers, timeout=5).status_code for _ in range(2)
        ]
        assert statuses[1] == 403
        assert members[name].metric("audiocast_bad_signatures_total") >= before + 2
        assert members.ring(name) == ["m0", "m1"]


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Members]:
    with Members(tmp_path_factory.mktemp("members"), 2) as members:
        yield members


def send(
    members: Members, to: str, *, addressee: Identity, at: float, times: int = 1
) -> list[requests.Response]:
    """Send m0's drain to a member, as it was signed; give the answers."""
    request = PeerRequest("POST", "/internal/drain", {PROTOCOL_HEADER: "2"})
    signature = member_signer().sign_request(request, addressee, at)
    url = f"http://127.0.0.1:{members[to].internal_port}{request.target}"
    headers = {**request.headers, SIGNATURE_HEADER: str(signature)}
    return [requests.post(url, headers=headers, timeout=5) for _ in range(times)]


def is_draining(members: Members, name: str) -> bool:
    return bool(members[name].status()["draining"])


def test_a_request_does_nothing_at_another_member_nor_too_late_nor_at_the_next_process(
    members: Members,
) -> None:
    m0, now = members.identity("m0"), time.time()
    for addressee, to, at, status in (
        (m0, "m1", now, 421),
        (m0._replace(instance="0123456789abcdef"), "m0", now, 421),
        (NOBODY, "m0", now, 421),
        (m0, "m0", now - MAX_SKEW_SECONDS - 5, 403),
        (m0, "m0", now + MAX_SKEW_SECONDS + 5, 403),
    ):
        before = members[to].metric("audiocast_bad_signatures_total")
        (answer,) = send(members, to, addressee=addressee, at=at)
        assert answer.status_code == status
        assert members[to].metric("audiocast_bad_signatures_total") == before + 1
        assert not is_draining(members, to)


def test_a_request_counts_once(members: Members) -> None:
    first, second = send(members, "m0", addressee=members.identity("m0"), at=time.time(), times=2)
    assert (first.status_code, second.status_code) == (202, 403)
    assert SIGNATURE_HEADER not in second.headers
    assert members.call("m0", "DELETE", "/internal/drain").status_code == 204
    assert not is_draining(members, "m0")


def test_a_member_of_the_first_version_is_told_apart_in_plain_words(members: Members) -> None:
    url = f"http://127.0.0.1:{members['m1'].internal_port}/internal/hello"
    old = f"{int(time.time())} m2 {'A' * 43}"
    for _ in range(3):
        assert requests.post(url, headers={SIGNATURE_HEADER: old}, json={}, timeout=5).status_code == 403
    told = [event for event in members["m1"].events() if event["event"] == "old_member"]
    assert len(told) == 1
    assert "before 0.2" in told[0]["hint"]

"""Operator and server share no code. What they share is tested: keys, signatures, settings, internal API."""

import asyncio
import time
from pathlib import Path
from typing import Any, Literal, cast, get_args, get_origin

import pytest
import requests
from pydantic import ValidationError
from pydantic.alias_generators import to_snake

from audiocast import rules_file as server_rules
from audiocast.cluster.node import Node
from audiocast.cluster.protocol import (
    DRAIN,
    GENERATION,
    LIST_STREAMS,
    LIST_STREAMS_AND_ENDS,
    MAX_TITLE_CHARACTERS,
    PROTOCOL_HEADER,
    RULES,
    SIGNATURE_HEADER,
    STATUS,
    PeerRequest,
    RulesRequest,
    StreamListAnswer,
    is_version_near,
    version_of,
)
from audiocast.cluster.signature.header import BadSignature, RequestSignature
from audiocast.cluster.signature.identity import Identity
from audiocast.cluster.signature.signer import Signer
from audiocast.rules_file import parse_rules
from audiocast.settings import Settings
from audiocast.stream.access import access_code as server_code
from audiocast.stream.access.access_code import is_same_code
from audiocast.stream.access.listen_tokens import NUMBER_BITS, ListenClaims, ListenTokens
from audiocast.stream.broadcaster.presentation import ACCENT, LINK, Presentation
from audiocast.stream.counters import Counters
from audiocast.stream.hub import Hub
from audiocast.stream.hub_state import HubLimits, Rule, StreamEnd
from audiocast.stream.keys import Claims, Keys, Visibility
from audiocast.stream.registry import Registry
from audiocast.web.contract.requests import MAX_LINK_SECONDS, ListenLinksRequest, StartRequest
from audiocast.web.contract.requests import STREAM_ID as SERVER_STREAM_ID
from audiocast.web.public.streams import stream_state
from audiocast_operator.clients.members import MembersClient
from audiocast_operator.errors import BadSpec
from audiocast_operator.manifests import rules
from audiocast_operator.manifests.owner import Owner
from audiocast_operator.manifests.rules import build_rules_config
from audiocast_operator.manifests.statefulset import build_statefulset
from audiocast_operator.models import stream as stream_model
from audiocast_operator.models.audio_cast import AudioCastSpec
from audiocast_operator.models.server_settings import (
    CHOICES,
    KNOWN_SETTINGS,
    NUMBERS,
    OWNED_SETTINGS,
    TEXTS,
    UNUSED_SETTINGS,
    WHOLE_NUMBERS,
)
from audiocast_operator.models.stream import ListenLinksSpec, StreamSpec
from audiocast_operator.names import REVOKED_LINKS_FILE, RULES_FILE
from audiocast_operator.protocol import access_code, internal_api, listen_token
from audiocast_operator.protocol.access_code import is_usable, make_code
from audiocast_operator.protocol.ingest_key import build_ingest_key
from audiocast_operator.protocol.listen_token import build_listen_token
from audiocast_operator.protocol.member_status import (
    DrainProgress,
    EndReport,
    MemberStatus,
    StreamReport,
    StreamRules,
    StreamsReport,
    parse_streams,
)
from audiocast_operator.protocol.request_signature import HEADER as OPERATORS_HEADER
from audiocast_operator.protocol.request_signature import NAME, PodEndpoint, is_proven, sign
from audiocast_operator.protocol.request_signature import PROTOCOL_HEADER as OPERATORS_PROTOCOL_HEADER
from tests.support.processes.server import AudiocastServer

SECRET, OTHER_SECRET = "a secret of this test", "another secret of this test"
ENDS = "2100-01-01T00:00:00Z"
REVOKED_MS = 1_764_504_000_000


SHOWN = {
    "description": 'Новости, "каждый" день',
    "link": "https://[2001:db8::1]:8443/a?b=1#c",
    "accent": "#117733",
}


def stream(**more: Any) -> StreamSpec:
    return StreamSpec.model_validate({"audioCast": "live", "id": "news", **more})


@pytest.mark.parametrize(
    ("more", "claims"),
    [
        ({}, Claims(generation=1)),
        ({"title": "Новости дня"}, Claims(title="Новости дня", generation=1)),
        ({"title": "t" * 200}, Claims(title="t" * 200, generation=1)),
        ({"keyGeneration": 9, "limits": {"maxKbps": 96}}, Claims(generation=9, max_kbps=96)),
        ({"limits": {"maxListeners": 50}}, Claims(generation=1, max_listeners=50)),
        ({"limits": {"expiresAt": ENDS}}, Claims(generation=1, expires_at=4_102_444_800)),
        ({"visibility": "public"}, Claims(generation=1, visibility=Visibility.PUBLIC)),
        ({"visibility": "unlisted"}, Claims(generation=1, visibility=Visibility.UNLISTED)),
        ({"visibility": "private"}, Claims(generation=1, visibility=Visibility.PRIVATE)),
        (SHOWN, Claims(generation=1, presentation=Presentation.parse(SHOWN))),
    ],
)
def test_the_server_takes_the_operators_keys(more: dict[str, Any], claims: Claims) -> None:
    key = build_ingest_key(SECRET, stream(**more))
    assert Keys([OTHER_SECRET, SECRET]).check("news", key, time.time()) == claims
    # To the letter what the server makes, so that a key does not depend on which of the two has made it.
    assert key == Keys([SECRET]).make("news", claims)


def test_the_server_takes_the_operators_access_codes() -> None:
    spec = stream(visibility="private", accessCode="auto", limits={"maxListeners": 5})
    code = make_code()
    claims = Claims(generation=1, visibility=Visibility.PRIVATE, access_code=code, max_listeners=5)
    key = build_ingest_key(SECRET, spec, code)
    assert Keys([SECRET]).check("news", key, time.time()) == claims
    assert key == Keys([SECRET]).make("news", claims)
    assert is_same_code(code.upper().replace("-", " "), claims.access_code)
    for name in ("CONSONANTS", "VOWELS", "WORDS", "SYLLABLES", "MIN_CHARACTERS", "MAX_CHARACTERS"):
        assert getattr(access_code, name) == getattr(server_code, name), name


@pytest.mark.parametrize(
    "code", ["", "abcde", "abcdef", " a-b.c_d ", "a-b-c-d", "a-----b", "x" * 64, "x" * 65, "ключик"]
)
def test_codes_of_ones_own_are_bounded_alike(code: str) -> None:
    def is_taken() -> bool:
        try:
            asked = StartRequest(visibility=Visibility.PRIVATE, access_code=code)
        except ValidationError:
            return False
        return bool(asked.access_code)

    assert is_usable(code.strip()) is is_taken()


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"sessionSeconds": 7200},
        {"expiresInSeconds": 86_400, "label": 'Друзья "Рад\U0001f600о"'},
        {"label": "\U0001f600" * 40, "expiresInSeconds": 315_360_000, "sessionSeconds": 315_360_000},
    ],
)
def test_the_server_takes_the_operators_listen_tokens(more: dict[str, Any]) -> None:
    now = int(time.time())
    links = ListenLinksSpec.model_validate(more)
    expires_at = now + links.expires_in_seconds if links.expires_in_seconds else 0
    token, other = (
        build_listen_token(SECRET, "news", links, made_at_ms=now * 1000, expires_at=expires_at)
        for _ in range(2)
    )
    claims = ListenTokens([OTHER_SECRET, SECRET]).check("news", token, now)
    assert claims is not None
    known = ListenClaims(now * 1000, expires_at, links.session_seconds, links.label, number=claims.number)
    assert claims == known
    # To the letter what the server makes; and no two are the same.
    assert token == ListenTokens([SECRET]).make("news", known)
    assert token != other
    assert ListenTokens([SECRET]).check("sport", token, now) is None


def test_links_are_bounded_alike() -> None:
    for wrong in ({"count": 0}, {"count": 1001}, {"expiresInSeconds": -1}, {"label": "x" * 41}):
        with pytest.raises(ValidationError):
            ListenLinksSpec.model_validate(wrong)
        with pytest.raises(ValidationError):
            ListenLinksRequest.model_validate({to_snake(name): each for name, each in wrong.items()})
    assert stream_model.MAX_LINK_SECONDS == MAX_LINK_SECONDS
    assert listen_token.NUMBER_BITS == NUMBER_BITS


def test_what_can_be_shown_is_the_same_to_both() -> None:
    assert (f"^({LINK.pattern})?$", f"^({ACCENT.pattern})?$") == (stream_model.LINK, stream_model.ACCENT)


@pytest.mark.parametrize(
    "wrong",
    [
        {"description": "x" * 501},
        {"link": "radio.example"},
        {"link": "https://a@b.example/"},
        {"link": "https://радио.example/"},
        {"link": "https://radio.example/" + "a" * 279},
        {"accent": "red"},
    ],
)
def test_what_the_server_would_not_show_is_no_stream(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        stream(**wrong)
    (shown,) = wrong.items()
    assert Presentation.parse(wrong).as_json()[shown[0]] != shown[1]


POD = PodEndpoint("10.0.0.1:8001", "live-0", "f00")
BODY = b'{"title": "Nachrichten"}'


def pod_signer(pod: PodEndpoint = POD) -> Signer:
    return Signer([OTHER_SECRET, SECRET], Identity(pod.name, pod.instance))


def test_the_server_takes_the_operators_signatures() -> None:
    headers, mac = sign(SECRET, "POST", "/internal/drain", BODY, pod=POD, unix_seconds=time.time())
    request = PeerRequest("POST", "/internal/drain", headers, BODY)
    found = pod_signer().check_request(request, headers[SIGNATURE_HEADER], time.time())
    assert (found.sender.name, found.addressee, found.mac) == (NAME, Identity("live-0", "f00"), mac)
    assert is_version_near(version_of(headers))
    # To the letter what a member sends.
    names = {PROTOCOL_HEADER, SIGNATURE_HEADER}
    assert headers.keys() == names == {OPERATORS_HEADER, OPERATORS_PROTOCOL_HEADER}
    assert str(found) == headers[SIGNATURE_HEADER]
    other = PeerRequest("POST", "/internal/drain", headers, b"")
    with pytest.raises(BadSignature, match="another one"):
        pod_signer().check_request(other, headers[SIGNATURE_HEADER], time.time())


def test_the_operator_takes_the_servers_answers_and_no_others() -> None:
    signed = sign(SECRET, "GET", "/internal/streams", b"", pod=POD, unix_seconds=time.time())
    request = RequestSignature.parse(signed.values[SIGNATURE_HEADER])
    headers = {"Content-Type": "application/json", PROTOCOL_HEADER: "2"}

    def is_taken(
        signer: Signer, status: int = 200, body: bytes = BODY, request: RequestSignature = request
    ) -> bool:
        answer = signer.sign_answer(request, 200, headers, BODY)
        received = {**headers, SIGNATURE_HEADER: str(answer), "Date": "now"}
        return is_proven(SECRET, signed, POD, status, received, body)

    signer = Signer([SECRET], Identity("live-0", "f00"))
    assert is_taken(signer)
    assert not is_taken(signer, status=202)
    assert not is_taken(signer, body=b"{}")
    assert not is_taken(Signer([OTHER_SECRET], Identity("live-0", "f00")))
    assert not is_taken(Signer([SECRET], Identity("live-1", "f00")))
    assert not is_taken(Signer([SECRET], Identity("live-0", "f01")))
    before = sign(SECRET, "GET", "/internal/streams", b"", pod=POD, unix_seconds=time.time())
    assert not is_taken(signer, request=RequestSignature.parse(before.values[SIGNATURE_HEADER]))
    assert not is_proven(SECRET, signed, POD, 200, headers, BODY)


def test_the_operator_requests_what_the_server_serves() -> None:
    assert (internal_api.STATUS, internal_api.DRAIN) == (STATUS, DRAIN)
    assert LIST_STREAMS.target == internal_api.STREAMS
    assert LIST_STREAMS_AND_ENDS.target == internal_api.STREAMS_AND_ENDS
    assert internal_api.rules_path("news") == RULES.format(stream_id="news")


@pytest.mark.parametrize(
    "told",
    [
        StreamRules(),
        StreamRules(3, True),
        StreamRules(1, False, True),
        StreamRules(0, False, False, REVOKED_MS),
    ],
)
def test_rules_are_read_as_they_are_told(told: StreamRules) -> None:
    assert RulesRequest.parse("news", told.as_json()) == RulesRequest("news", Rule(*told))


def test_rules_are_read_as_they_are_written_down() -> None:
    cast = Owner("AudioCast", "radio", "live", "uid")
    wanted = {
        "a": StreamRules(3),
        "b": StreamRules(0, True),
        "c": StreamRules(2, True, True),
        "d": StreamRules(0, False, True),
    }
    known = {name: Rule(*each) for name, each in wanted.items()}
    data = build_rules_config(cast, wanted | {"said-nothing-of": StreamRules()})["data"]
    assert data.keys() == {RULES_FILE}
    assert parse_rules(data[RULES_FILE].encode()) == known
    revoked = {
        "b": wanted["b"]._replace(links_revoked_at_ms=REVOKED_MS),
        "e": StreamRules(0, False, False, 7),
    }
    data = build_rules_config(cast, wanted | revoked)["data"]
    assert data.keys() == {RULES_FILE, RULES_FILE + server_rules.LINKS_SUFFIX}
    # A server of a version before reads the first one alone, and refuses what it does not know in it.
    assert parse_rules(data[RULES_FILE].encode()) == known
    read = parse_rules(data[RULES_FILE].encode(), data[REVOKED_LINKS_FILE].encode())
    assert read == known | {name: Rule(*each) for name, each in revoked.items()}


def test_ten_thousand_rules_of_the_longest_ids_fit_and_more_are_told() -> None:
    cast = Owner("AudioCast", "radio", "live", "uid")
    many = {f"{number:064}": StreamRules(999_999_999, True, True) for number in range(10_000)}
    text = build_rules_config(cast, many)["data"][RULES_FILE]
    assert len(parse_rules(text.encode())) == 10_000
    links = {name: StreamRules(0, False, False, 253_402_300_799_999) for name in many}
    assert len(parse_rules(b"audiocast-rules 1\n", _links_of(build_rules_config(cast, links)))) == 10_000
    with pytest.raises(BadSpec, match="bytes together, got"):
        build_rules_config(cast, {name: each._replace(generation=1) for name, each in links.items()})
    with pytest.raises(BadSpec, match="delete some, or move them to another AudioCast"):
        build_rules_config(cast, many | {f"x{number:063}": StreamRules(1, True) for number in range(5_000)})
    assert rules.LINKS_FIRST_LINE == server_rules.LINKS_FIRST_LINE
    # What the operator writes, the server takes.
    assert (rules.MAX_BYTES, rules.FIRST_LINE) == (server_rules.MAX_BYTES, server_rules.FIRST_LINE)


def _links_of(config: dict[str, Any]) -> bytes:
    return str(config["data"][REVOKED_LINKS_FILE]).encode()


@pytest.mark.parametrize("is_reopened", [False, True])
def test_ends_are_read_as_they_are_told(is_reopened: bool) -> None:
    told = StreamListAnswer([], [StreamEnd("news", 2, 1_764_000_000.5, is_reopened)]).as_json()
    [end] = parse_streams(told).ends
    assert (end.stream_id, end.generation, end.at) == ("news", 2, 1_764_000_000.5)
    assert end.reopened is is_reopened
    assert told["ends"][0].keys() == EndReport.model_fields.keys()


def test_ids_and_titles_are_bounded_alike() -> None:
    assert f"^{SERVER_STREAM_ID.pattern}$" == stream_model.STREAM_ID
    [bound] = [
        each.max_length for each in StreamSpec.model_fields["title"].metadata if hasattr(each, "max_length")
    ]
    assert bound == MAX_TITLE_CHARACTERS


def environment() -> list[dict[str, Any]]:
    spec = AudioCastSpec(image="audiocast:1", replicas=1, public_url="https://radio.example.org")
    cast = Owner("AudioCast", "radio", "live", "uid")
    built = build_statefulset(
        cast, spec, replicas=1, secret_name="live-keys", secret_hash="h", cluster_domain="cluster.local"
    )
    found: list[dict[str, Any]] = built["spec"]["template"]["spec"]["containers"][0]["env"]
    return found


def test_every_name_in_the_environment_is_a_setting() -> None:
    settings = {name.upper() for name in Settings.model_fields}
    assert {each["name"] for each in environment()} <= settings
    assert set(OWNED_SETTINGS) <= settings


def test_every_setting_of_the_server_is_known_to_the_operator() -> None:
    kinds: dict[str, set[str]] = {"whole": set(), "number": set(), "choice": set(), "text": set()}
    for name, field in Settings.model_fields.items():
        if name.upper() in (*OWNED_SETTINGS, *UNUSED_SETTINGS):
            continue
        kind = {int: "whole", float: "number", bool: "choice"}.get(cast(Any, field.annotation), "text")
        if get_origin(field.annotation) is Literal:
            kind = "choice"
            assert CHOICES[name.upper()] == get_args(field.annotation)
        kinds[kind].add(name.upper())
    assert kinds == {
        "whole": set(WHOLE_NUMBERS),
        "number": set(NUMBERS),
        "choice": set(CHOICES),
        "text": set(TEXTS),
    }
    assert not {*OWNED_SETTINGS, *UNUSED_SETTINGS} & set(KNOWN_SETTINGS)
    assert CHOICES["TRUST_FORWARDED_HOST"] == ("true", "false")


def test_the_server_starts_with_this_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in environment():
        monkeypatch.setenv(each["name"], each.get("value", "a value of 16 characters"))
    settings = Settings()
    assert settings.peers == "dns+live-peers.radio.svc.cluster.local.:8001"
    assert (settings.stream_scheme, settings.stream_domain) == ("https", "radio.example.org")
    assert (settings.drain_seconds, settings.log_format) == (300, "json")


async def test_a_real_server_answers_the_operator(tmp_path: Path) -> None:
    peers = {"PEERS": "127.0.0.1:1", "SECRET_KEYS": SECRET, "DRAIN_SECONDS": "60"}
    with AudiocastServer(tmp_path / "server.log", NODE_NAME="live-0", **peers) as server:
        address = f"127.0.0.1:{server.internal_port}"
        told = requests.get(f"http://{address}/internal/status", timeout=60).json()
        # All that the operator reads is told, under these names.
        assert MemberStatus.model_fields.keys() <= told.keys()
        assert DrainProgress.model_fields.keys() <= told["drain"].keys()
        assert MemberStatus.model_validate(told).view == told["view"]
        members = MembersClient()
        pod = PodEndpoint(address, "live-0", told["instance"])
        try:
            assert set(await members.fetch_statuses({"live-0": address})) == {"live-0"}
            assert await members.fetch_streams([pod], SECRET) == [StreamsReport(streams=[])]
            for other in (pod._replace(instance="of before"), pod._replace(name="live-1")):
                assert not await members.start_drain(other, SECRET)
            assert (await members.fetch_statuses({"live-0": address}))["live-0"].drain.state == "no"
            assert await members.start_drain(pod, SECRET)
            assert (await members.fetch_statuses({"live-0": address}))["live-0"].drain.state in (
                "draining",
                "done",
            )
            assert await members.undo_drain(pod, SECRET)
            assert (await members.fetch_statuses({"live-0": address}))["live-0"].drain.state == "no"
            assert not await members.start_drain(pod, OTHER_SECRET)
        finally:
            await members.close()


async def test_a_real_server_takes_the_key_but_not_while_the_stream_is_suspended(tmp_path: Path) -> None:
    key = build_ingest_key(SECRET, stream())

    def refusal(base: str) -> str:
        """Send no audio at all; what is refused says whether it would have been taken."""
        answer = requests.post(f"{base}/ingest/news", params={"key": key}, data=b"", timeout=60)
        return str(answer.json()["error"])

    with AudiocastServer(
        tmp_path / "server.log", NODE_NAME="live-0", PEERS="127.0.0.1:1", SECRET_KEYS=SECRET
    ) as server:
        pod = PodEndpoint(f"127.0.0.1:{server.internal_port}", "live-0", server.status()["instance"])
        members = MembersClient()
        try:
            assert refusal(server.base) == "no_audio"
            assert await members.tell_rules(pod, SECRET, "news", StreamRules(0, True))
            assert refusal(server.base) == "stream_suspended"
            assert await members.tell_rules(pod, SECRET, "news", StreamRules(0, False))
            assert refusal(server.base) == "no_audio"
            assert await members.fetch_streams([pod], SECRET) == [StreamsReport(streams=[])]
            bearer = {"Authorization": f"Bearer {key}"}
            assert requests.delete(f"{server.base}/api/streams/news", headers=bearer, timeout=60).ok
            assert refusal(server.base) == "stream_ended"
            [told] = await members.fetch_streams([pod], SECRET)
            [end] = told.ends
            assert (end.stream_id, end.generation, end.reopened) == ("news", 1, False)
            assert abs(end.at - time.time()) < 60
            assert await members.tell_rules(pod, SECRET, "news", StreamRules(2, False))
            assert refusal(server.base) == "bad_key"
        finally:
            await members.close()


async def test_a_real_stream_is_told_as_the_operator_reads_it() -> None:
    hub = Hub("news", title="", clock=asyncio.get_running_loop(), counters=Counters(), limits=HubLimits())
    told = stream_state(hub, cast(Node, _Alone()))
    # The list of a member has the generation, too.
    assert StreamReport.model_fields.keys() <= {*told, GENERATION}
    assert parse_streams({"streams": [told]}).streams[0].state == "waiting"


class _Alone:
    """As much of a node as a stream's state asks for."""

    name = "live-0"
    is_alone = True

    def __init__(self) -> None:
        clock = asyncio.get_running_loop()
        self.streams = Registry(clock=clock, limits=HubLimits(), max_streams=1)

    def owner_of(self, stream_id: str) -> str:
        return "live-0"

    def owns(self, stream_id: str) -> bool:
        return True

    def is_handing_over(self, stream_id: str) -> bool:
        return False

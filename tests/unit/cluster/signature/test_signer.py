"""Signatures: only members make them, for one message, for one member, for a minute, and for once."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from audiocast.cluster.errors import Unproven
from audiocast.cluster.protocol import (
    GENERATION_HEADER,
    PROTOCOL_HEADER,
    SIGNATURE_HEADER,
    TITLE_HEADER,
    PeerRequest,
)
from audiocast.cluster.signature.header import BadSignature, RequestSignature
from audiocast.cluster.signature.identity import NOBODY, Identity
from audiocast.cluster.signature.signer import Signer

MAX_SKEW_SECONDS = 60.0

NOW = 1_800_000_000.0
SECRET, OLD = "a-secret-of-the-cluster", "an-old-secret-of-it"
A, B = Identity("a", "1a"), Identity("b", "2b")

REQUEST = PeerRequest(
    "POST", "/internal/streams/x/playing?y=1", {PROTOCOL_HEADER: "2", TITLE_HEADER: "T"}, {"title": "T"}
)
ANSWER: tuple[int, Mapping[str, str], bytes] = (
    200,
    {"Content-Type": "application/json", "Cache-Control": "no-store", PROTOCOL_HEADER: "2"},
    b'{"owned": true}',
)


def signer(identity: Identity = A, *secrets: str) -> Signer:
    return Signer(secrets or [SECRET], identity, lambda: NOW)


def signed(by: Signer, *, to: Identity = B, at: float = NOW) -> RequestSignature:
    return by.sign_request(REQUEST, to, at)


def check(value: object, request: PeerRequest = REQUEST) -> RequestSignature:
    """Check a request at a member that has never seen one."""
    return signer(B).check_request(request, str(value), NOW)


@pytest.mark.parametrize("name", ["m0", "audiocast-0", "host:8101", "имя", "a b%c", "a/b", "from=x to=y"])
def test_a_member_is_known_by_its_name(name: str) -> None:
    who = Identity(name, "f00")
    value = str(signed(signer(who), to=B))
    assert value.isascii()
    found = check(value)
    assert (found.sender, found.addressee, found.unix_seconds) == (who, B, NOW)


def test_a_greeting_may_be_for_nobody() -> None:
    assert check(signed(signer(), to=NOBODY)).addressee == NOBODY


# One step of a rotation each: the new secret is accepted, then signs, then is the only one.
STEPS = [((OLD,), (OLD, SECRET)), ((OLD, SECRET), (SECRET, OLD)), ((SECRET, OLD), (SECRET,))]


@pytest.mark.parametrize("step", [*STEPS, *((new, old) for old, new in STEPS)])
def test_secrets_can_be_changed_one_after_the_other(step: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
    asks, answers = signer(A, *step[0]), signer(B, *step[1])
    status, headers, body = ANSWER
    request = signed(asks)
    assert answers.check_request(REQUEST, str(request), NOW) == request
    answer = answers.sign_answer(request, status, headers, body)
    found = asks.check_answer(request, status, {**headers, SIGNATURE_HEADER: str(answer)}, body)
    near = asks.frame_macs(request, found, is_answerer=False)
    far = answers.frame_macs(request, answer, is_answerer=True)
    far.check(b"frame", near.sign(b"frame"))
    near.check(b"frame", far.sign(b"frame"))


def test_a_secret_that_is_not_accepted_proves_nothing() -> None:
    with pytest.raises(BadSignature, match="another one"):
        signer(B, SECRET).check_request(REQUEST, str(signed(signer(A, OLD, SECRET))), NOW)


CHANGED: list[dict[str, Any]] = [
    {"method": "DELETE"},
    {"target": "/internal/streams/x/playing?y=2"},
    {"target": "/internal/drain"},
    {"body": {"title": "Hijacked"}},
    {"body": None},
    {"headers": {PROTOCOL_HEADER: "2", TITLE_HEADER: "Hijacked"}},
    {"headers": {PROTOCOL_HEADER: "3", TITLE_HEADER: "T"}},
    {"headers": {PROTOCOL_HEADER: "2"}},
    {"headers": {PROTOCOL_HEADER: "2", TITLE_HEADER: "T", GENERATION_HEADER: "9"}},
]


@pytest.mark.parametrize("changed", CHANGED, ids=str)
def test_it_is_good_for_one_request_only(changed: dict[str, Any]) -> None:
    fields = {name: getattr(REQUEST, name) for name in ("method", "target", "headers", "body")}
    with pytest.raises(BadSignature, match="another one"):
        check(signed(signer()), PeerRequest(**{**fields, **changed}))


def test_what_proxies_add_and_how_they_write_it_changes_nothing() -> None:
    headers = {"audiocast-title": "T", "AUDIOCAST-PROTOCOL": "2", "Via": "1.1 proxy", "Host": "b:8001"}
    content = json.dumps(REQUEST.body).encode()
    assert check(signed(signer()), PeerRequest(REQUEST.method, REQUEST.target, headers, content)).sender == A


@pytest.mark.parametrize("field", ["time", "nonce", "from", "to", "mac"])
def test_no_field_of_it_can_be_exchanged(field: str) -> None:
    mine, others = (dict(part.split("=") for part in str(signed(by)).split()) for by in (signer(), signer(B)))
    others.update(time=str(int(NOW) + 1), to="c/3c")
    value = " ".join(f"{name}={text}" for name, text in {**mine, field: others[field]}.items())
    with pytest.raises(BadSignature, match="another one"):
        check(value)


def test_it_counts_once() -> None:
    checks, value = signer(B), str(signed(signer()))
    checks.check_request(REQUEST, value, NOW)
    with pytest.raises(BadSignature, match="came before"):
        checks.check_request(REQUEST, value, NOW + 1)


def test_a_forged_one_does_not_use_up_the_nonce_of_a_good_one() -> None:
    checks, value = signer(B), str(signed(signer()))
    for _ in range(10):
        with pytest.raises(BadSignature):
            checks.check_request(REQUEST, value[:-43] + "A" * 43, NOW)
    assert len(checks._nonces) == 0
    checks.check_request(REQUEST, value, NOW)


@pytest.mark.parametrize("apart_seconds", [-MAX_SKEW_SECONDS, 0, MAX_SKEW_SECONDS])
def test_clocks_may_differ(apart_seconds: float) -> None:
    assert check(signed(signer(), at=NOW + apart_seconds)).sender == A


@pytest.mark.parametrize("apart_seconds", [-MAX_SKEW_SECONDS - 1, MAX_SKEW_SECONDS + 1, 1e9])
def test_but_not_by_much(apart_seconds: float) -> None:
    with pytest.raises(BadSignature, match="clocks"):
        check(signed(signer(), at=NOW + apart_seconds))


@pytest.mark.parametrize("value", ["", " ", "1 a", "x y z", "\udcff \udcff \udcff", "time=1", "9" * 100_000])
def test_what_is_none_is_refused(value: str) -> None:
    with pytest.raises(BadSignature) as caught:
        check(value)
    assert not caught.value.is_first_version
    assert len(str(caught.value)) < 300


def test_the_first_version_is_told_apart() -> None:
    with pytest.raises(BadSignature) as caught:
        check("1764361541 m0 mBFaLx5a0mTnHG0mRZbVBc1IjVTmRCpqzsMIuGCzJ7s")
    assert caught.value.is_first_version


def answered(**changed: Any) -> tuple[Any, ...]:
    """Give an answer of b to a, of which something was changed on its way."""
    asks, answers = signer(), signer(B)
    request = signed(asks)
    status, headers, body = ANSWER
    value = str(answers.sign_answer(request, status, headers, body))
    fields: dict[str, Any] = {"status": status, "body": body, "value": value} | changed
    headers = {**headers, **fields.get("headers", {}), SIGNATURE_HEADER: fields["value"]}
    return asks, request, fields["status"], headers, fields["body"]


def test_an_answer_is_known_by_its_sender() -> None:
    asks, *answer = answered(headers={"Via": "1.1 proxy", "Date": "now"})
    assert asks.check_answer(*answer).sender == B


@pytest.mark.parametrize(
    "changed",
    [
        {"status": 404},
        {"body": b'{"owned": false}'},
        {"body": b""},
        {"headers": {"Cache-Control": "public, max-age=86400"}},
        {"headers": {"Content-Type": "text/html"}},
        {"headers": {TITLE_HEADER: "Hijacked"}},
        {"value": ""},
        {"value": "from=b/2b mac=" + "A" * 43},
        {"value": "nonsense " * 1000},
    ],
    ids=str,
)
def test_an_answer_that_was_changed_is_none(changed: dict[str, Any]) -> None:
    asks, *answer = answered(**changed)
    with pytest.raises(Unproven):
        asks.check_answer(*answer)


def test_an_answer_counts_for_its_own_request_only() -> None:
    asks, _, status, headers, body = answered()
    with pytest.raises(Unproven):
        asks.check_answer(signed(asks), status, headers, body)


def test_a_request_is_no_answer_and_an_answer_no_request() -> None:
    asks = signer()
    request = signed(asks)
    status, headers, body = ANSWER
    with pytest.raises(Unproven):
        asks.check_answer(request, status, {**headers, SIGNATURE_HEADER: str(request)}, body)
    # The same fields under the same secret have another MAC for each purpose.
    assert asks._request_keys[0] != asks._answer_keys[0] != asks._frame_keys[0]


def test_a_member_needs_a_secret() -> None:
    with pytest.raises(ValueError, match="secret"):
        Signer([], A)


def test_a_signature_has_the_form_that_is_documented() -> None:
    # As `header` has it; a nonce is 16 bytes, and the name of a process eight.
    value = str(signed(signer(Identity("m 0", "1a"))))
    form = r"time=1800000000 nonce=[0-9a-f]{32} from=m%200/1a to=b/2b mac=[A-Za-z0-9_-]{43}"
    assert re.fullmatch(form, value)
    assert str(signed(signer(Identity("m 0", "1a")))) != value, "no nonce comes again"
    of_process = Identity.of_new_process("m0")
    assert of_process.name == "m0"
    assert re.fullmatch("[0-9a-f]{16}", of_process.instance)
    assert Identity.of_new_process("m0") != of_process


@pytest.mark.parametrize(("apart_seconds", "is_taken"), [(60, True), (-60, True), (61, False), (-61, False)])
def test_a_request_counts_for_a_minute_before_and_after_its_time(apart_seconds: int, is_taken: bool) -> None:
    value = str(signed(signer(), at=NOW + apart_seconds))
    if is_taken:
        assert check(value).unix_seconds == NOW + apart_seconds
    else:
        with pytest.raises(BadSignature, match="expected a request of the last 60 s, got one 61 s away"):
            check(value)

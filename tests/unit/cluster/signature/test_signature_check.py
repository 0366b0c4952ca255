"""What is asked first of each request: a member has signed it, for this process, in a near version."""

import pytest
from structlog.testing import capture_logs

from audiocast.cluster.errors import Refused
from audiocast.cluster.signature.header import BadSignature, RequestSignature
from audiocast.cluster.signature.identity import NOBODY, Identity
from audiocast.cluster.signature.signature_check import SignatureCheck
from audiocast.cluster.signature.signer import Signer
from audiocast.cluster.stream_requests import RelayRequest

SIGNER = Signer(["a secret of thirty-two characters"], Identity("me", "0"))


@pytest.fixture
def check() -> SignatureCheck:
    return SignatureCheck(Signer(["a secret of thirty-two characters"], SIGNER.identity))


def test_a_request_that_no_member_has_signed_is_counted(check: SignatureCheck) -> None:
    request = RelayRequest("abc", None).build()
    with pytest.raises(BadSignature):
        check.check_signature(request, "nonsense", 0.0)
    assert check.rejections.requests == 1


def test_bad_signatures_are_logged_for_each_address_once_a_minute(check: SignatureCheck) -> None:
    request = RelayRequest("abc", None).build()

    def complain(peer: str, at: float, value: str = "nonsense") -> None:
        with pytest.raises(BadSignature):
            check.check_signature(request, value, at, peer=peer)

    with capture_logs() as logs:
        for number in range(100):
            complain("10.0.0.1", 1000.0 + number)
            complain(f"10.0.1.{number}", 1000.0)
        complain("10.0.0.2", 1000.0, "1764361541 m0 mBFaLx5a0mTnHG0mRZbVBc1IjVTmRCpqzsMIuGCzJ7s")
    assert check.rejections.requests == 201
    assert [each["peer"] for each in logs].count("10.0.0.1") == 2
    assert len(logs) == 103
    (old,) = [each for each in logs if each["event"] == "old_member"]
    assert "start them with this one" in old["hint"]


def test_a_minute_is_over_to_the_second_and_a_thousand_addresses_are_remembered(
    check: SignatureCheck,
) -> None:
    request = RelayRequest("abc", None).build()

    def complaints(*asked: tuple[str, float]) -> list[str]:
        with capture_logs() as logs:
            for peer, at in asked:
                with pytest.raises(BadSignature):
                    check.check_signature(request, "nonsense", at, peer=peer)
        return [each["peer"] for each in logs]

    assert complaints(("a", 1000.0), ("a", 1059.9), ("a", 1060.0)) == ["a", "a"]
    assert len(complaints(*((f"{number}", 1060.0) for number in range(999)))) == 999
    assert complaints(("a", 1061.0), ("0", 1061.0), ("998", 1061.0)) == []
    assert complaints(("one more", 1061.0), ("0", 1061.0)) == ["one more", "0"], "the memory begins anew"


def addressed(to: Identity) -> RequestSignature:
    return RequestSignature(0, "", Identity("a", "1"), to, "")


@pytest.mark.parametrize("to", [Identity("b", "0"), Identity("me", "1"), NOBODY], ids=str)
def test_a_request_for_somebody_else_is_refused(check: SignatureCheck, to: Identity) -> None:
    with pytest.raises(Refused) as refused:
        check.check_addressee(addressed(to), 2, may_be_nobody=False)
    assert (refused.value.status, refused.value.code) == (421, "misaddressed")
    assert check.rejections.requests == 1


def test_a_greeting_may_be_for_anybody_but_not_for_somebody_else(check: SignatureCheck) -> None:
    for to in (SIGNER.identity, NOBODY):
        check.check_addressee(addressed(to), 2, may_be_nobody=True)
    with pytest.raises(Refused):
        check.check_addressee(addressed(Identity("b", "0")), 2, may_be_nobody=True)


@pytest.mark.parametrize("version", [0, 1, 5, 99])
def test_a_version_far_off_is_refused(check: SignatureCheck, version: int) -> None:
    check.check_addressee(addressed(SIGNER.identity), 3, may_be_nobody=False)
    with pytest.raises(Refused) as refused:
        check.check_addressee(addressed(SIGNER.identity), version, may_be_nobody=False)
    assert (refused.value.status, refused.value.code) == (505, "protocol_version")

"""Signatures of internal requests: only members make them, for one request, for a minute."""

import pytest

from audiocast.cluster.signature import MAX_SKEW_SECONDS, BadSignature, Signer

NOW = 1_800_000_000.0
SECRET, OLD = "a-secret-of-the-cluster", "an-old-secret-of-it"


def signed(signer: Signer, *, at: float = NOW) -> str:
    return signer.sign("POST", "/internal/hello?x=1", at)


@pytest.mark.parametrize("name", ["m0", "audiocast-0", "host:8101", "имя", "a b%c"])
def test_a_member_is_known_by_its_name(name: str) -> None:
    value = signed(Signer([SECRET], name))
    assert value.isascii()
    assert Signer([SECRET], "other").check("POST", "/internal/hello?x=1", value, NOW) == name


def test_secrets_can_be_changed_one_after_the_other() -> None:
    before, between, after = Signer([OLD], "a"), Signer([SECRET, OLD], "b"), Signer([SECRET], "c")
    assert between.check("POST", "/internal/hello?x=1", signed(before), NOW) == "a"
    assert after.check("POST", "/internal/hello?x=1", signed(between), NOW) == "b"
    with pytest.raises(BadSignature):
        after.check("POST", "/internal/hello?x=1", signed(before), NOW)


@pytest.mark.parametrize(
    ("method", "target"),
    [("GET", "/internal/hello?x=1"), ("POST", "/internal/hello?x=2"), ("POST", "/internal/drain")],
)
def test_it_is_good_for_one_request_only(method: str, target: str) -> None:
    with pytest.raises(BadSignature, match="another one"):
        Signer([SECRET], "b").check(method, target, signed(Signer([SECRET], "a")), NOW)


@pytest.mark.parametrize("apart_seconds", [-MAX_SKEW_SECONDS, 0, MAX_SKEW_SECONDS])
def test_clocks_may_differ(apart_seconds: float) -> None:
    value = signed(Signer([SECRET], "a"), at=NOW + apart_seconds)
    assert Signer([SECRET], "b").check("POST", "/internal/hello?x=1", value, NOW) == "a"


@pytest.mark.parametrize("apart_seconds", [-MAX_SKEW_SECONDS - 1, MAX_SKEW_SECONDS + 1, 1e9])
def test_but_not_by_much(apart_seconds: float) -> None:
    value = signed(Signer([SECRET], "a"), at=NOW + apart_seconds)
    with pytest.raises(BadSignature, match="clocks"):
        Signer([SECRET], "b").check("POST", "/internal/hello?x=1", value, NOW)


@pytest.mark.parametrize("value", ["", " ", "1 a", "1 a b c", "x y z", "\udcff \udcff \udcff"])
def test_what_is_none_is_refused(value: str) -> None:
    with pytest.raises(BadSignature):
        Signer([SECRET], "b").check("POST", "/", value, NOW)


def test_name_and_time_cannot_be_exchanged() -> None:
    time, name, mac = signed(Signer([SECRET], "a")).split(" ")
    for value in (f"{int(time) + 1} {name} {mac}", f"{time} b {mac}"):
        with pytest.raises(BadSignature):
            Signer([SECRET], "b").check("POST", "/internal/hello?x=1", value, NOW)


@pytest.mark.parametrize("step", [1, -1])
def test_a_signature_is_good_for_a_minute(step: int) -> None:
    signer = Signer([SECRET], "a")
    value = signed(signer)
    assert signer.check("POST", "/internal/hello?x=1", value, NOW + 60.0 * step) == "a"
    with pytest.raises(BadSignature, match="clocks"):
        signer.check("POST", "/internal/hello?x=1", value, NOW + 60.5 * step)


def test_a_cluster_without_a_secret_is_none() -> None:
    with pytest.raises(ValueError, match="at least one secret"):
        Signer([], "a")

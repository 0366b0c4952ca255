"""A certificate is proven before it is used, and whatever is wrong with its files is said in plain words."""

import ssl
import subprocess
import time
from pathlib import Path

import pytest

from audiocast.web.http.tls.certificate import BadCertificate, read_certificate
from tests.support.network.certificates import Pair, make_expired_pair, make_pair


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def pair(folder: Path) -> Pair:
    return make_pair(folder)


@pytest.fixture(scope="module")
def other(folder: Path) -> Pair:
    return make_pair(folder, "other")


def refusal(certificate: Path, key: Path) -> str:
    with pytest.raises(BadCertificate) as caught:
        read_certificate(certificate, key)
    return str(caught.value)


def test_it_says_when_it_expires(pair: Pair) -> None:
    certificate = read_certificate(pair.certificate, pair.key)
    assert certificate.expires_at == pytest.approx(time.time() + 2 * 86_400, abs=60)
    assert not certificate.is_over


def test_tls_1_2_is_the_oldest_and_only_http_1_1_is_spoken(pair: Pair) -> None:
    context = read_certificate(pair.certificate, pair.key).context
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_RENEGOTIATION


def test_one_that_is_over_is_read_and_says_so(folder: Path) -> None:
    old = make_expired_pair(folder)
    assert read_certificate(old.certificate, old.key).is_over


def test_a_key_of_another_certificate(pair: Pair, other: Pair) -> None:
    assert refusal(pair.certificate, other.key) == (
        f"expected the key of {pair.certificate}, {other.key} is another one's"
    )


@pytest.mark.parametrize("text", [b"", b"hello", b"\x30\x82\x01\x0a", bytes(range(256))])
def test_garbage(pair: Pair, folder: Path, text: bytes) -> None:
    garbage = folder / "garbage"
    garbage.write_bytes(text)
    assert refusal(garbage, pair.key) == f"expected a certificate in PEM, {garbage} has none"
    assert refusal(pair.certificate, garbage) == f"expected a private key in PEM, {garbage} has none"


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_half_of_a_file(pair: Pair, folder: Path, share: float) -> None:
    half = folder / "half"
    for whole in (pair.certificate, pair.key):
        data = whole.read_bytes()
        half.write_bytes(data[: int(len(data) * share)])
        files = (half, pair.key) if whole == pair.certificate else (pair.certificate, half)
        assert str(half) in refusal(*files)


def test_a_chain_that_breaks_off(pair: Pair, other: Pair, folder: Path) -> None:
    chain = folder / "chain"
    chain.write_bytes(pair.certificate.read_bytes() + other.certificate.read_bytes()[:300])
    assert str(chain) in refusal(chain, pair.key)


def test_no_file(pair: Pair, folder: Path) -> None:
    assert refusal(folder / "none", pair.key) == f"cannot read {folder / 'none'}: No such file or directory"
    assert "Is a directory" in refusal(pair.certificate, folder)


def test_a_key_with_a_passphrase_asks_nobody(pair: Pair, folder: Path) -> None:
    locked = folder / "locked"
    command = f"openssl pkcs8 -topk8 -in {pair.key} -out {locked} -passout pass:something".split()
    subprocess.run(command, check=True)
    assert refusal(pair.certificate, locked) == f"expected a key without a passphrase, {locked} has one"

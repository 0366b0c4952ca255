"""Files of a certificate that are replaced while the server runs, well and badly."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from audiocast.web.http.tls.certificate import BadCertificate
from audiocast.web.http.tls.certificate_files import CertificateFiles
from tests.support.network.certificates import Pair, make_expired_pair, make_pair

Events = list[dict[str, Any]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pair]:
    folder = tmp_path_factory.mktemp("made")
    return {
        "first": make_pair(folder, "first", days=2),
        "second": make_pair(folder, "second", days=4),
        "expired": make_expired_pair(folder),
    }


@pytest.fixture
def used(tmp_path: Path, made: dict[str, Pair]) -> Pair:
    pair = Pair(tmp_path / "tls.crt", tmp_path / "tls.key")
    put(made["first"], pair)
    return pair


@pytest.fixture
def events() -> Iterator[Events]:
    with capture_logs() as logs:
        yield logs  # type: ignore[misc]


def put(source: Pair, target: Pair) -> None:
    shutil.copy(source.certificate, target.certificate)
    shutil.copy(source.key, target.key)


async def test_files_that_stay_are_not_read_again(used: Pair) -> None:
    files = CertificateFiles(used.certificate, used.key)
    before = files.current
    await files.look()
    assert files.current is before


async def test_new_files_are_taken_into_use(used: Pair, made: dict[str, Pair], events: Events) -> None:
    files = CertificateFiles(used.certificate, used.key)
    before = files.current
    put(made["second"], used)
    await files.look()
    assert files.current.expires_at == pytest.approx(before.expires_at + 2 * 86_400, abs=60)
    assert [each["event"] for each in events] == ["certificate_replaced"]


async def test_a_link_that_points_elsewhere_is_a_new_file(tmp_path: Path, made: dict[str, Pair]) -> None:
    # As Kubernetes does it: the files are links through ..data, which is replaced at once.
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        put(made[name], Pair(tmp_path / name / "tls.crt", tmp_path / name / "tls.key"))
    (tmp_path / "..data").symlink_to("first")
    (tmp_path / "tls.crt").symlink_to("..data/tls.crt")
    (tmp_path / "tls.key").symlink_to("..data/tls.key")
    files = CertificateFiles(tmp_path / "tls.crt", tmp_path / "tls.key")
    before = files.current
    (tmp_path / "..data_new").symlink_to("second")
    os.replace(tmp_path / "..data_new", tmp_path / "..data")
    await files.look()
    assert files.current.expires_at > before.expires_at


@pytest.mark.parametrize("damage", ["other_key", "garbage", "half", "gone", "expired"])
async def test_bad_files_leave_the_old_one_and_are_tried_again(
    used: Pair, made: dict[str, Pair], events: Events, damage: str
) -> None:
    files = CertificateFiles(used.certificate, used.key)
    before = files.current
    if damage == "other_key":
        shutil.copy(made["second"].key, used.key)
    elif damage == "garbage":
        used.certificate.write_text("no certificate")
    elif damage == "half":
        used.certificate.write_bytes(made["second"].certificate.read_bytes()[:200])
    elif damage == "gone":
        used.certificate.unlink()
    else:
        put(made["expired"], used)
    for _ in range(3):
        await files.look()
        assert files.current is before
        assert files.is_refused
    # Said once, and what to do.
    (event,) = events
    assert (event["event"], event["log_level"]) == ("certificate_refused", "error")
    assert str(used.certificate) in event["error"]
    assert "put the files right" in event["hint"]
    put(made["second"], used)
    await files.look()
    assert not files.is_refused
    assert files.current.expires_at > before.expires_at


async def test_files_that_get_well_without_a_change_of_their_marks_are_read(
    used: Pair, made: dict[str, Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = CertificateFiles(used.certificate, used.key)
    shutil.copy(made["second"].key, used.key)
    await files.look()
    assert files.is_refused
    monkeypatch.setattr(CertificateFiles, "_look_at_files", lambda self: self._versions)
    put(made["second"], used)
    await files.look()
    assert not files.is_refused


def test_a_bad_file_at_the_start_is_an_error(used: Pair) -> None:
    used.key.write_text("")
    with pytest.raises(BadCertificate):
        CertificateFiles(used.certificate, used.key)


async def test_the_last_good_one_is_used_until_the_files_are_good(
    used: Pair, made: dict[str, Pair], tmp_path: Path, events: Events
) -> None:
    good = CertificateFiles(used.certificate, used.key).current
    assert b"PRIVATE KEY" not in repr(good).encode()
    last_good = tmp_path / "last-good"
    last_good.write_bytes(good.pem)
    used.key.write_text("no key")
    files = CertificateFiles(used.certificate, used.key, last_good=last_good)
    assert (files.current.expires_at, files.is_refused) == (good.expires_at, True)
    assert [each["event"] for each in events] == ["certificate_refused"]
    await files.look()
    assert files.is_refused
    put(made["second"], used)
    await files.look()
    assert not files.is_refused
    assert files.current.expires_at > good.expires_at


def test_files_that_are_good_come_before_the_last_good_one(
    used: Pair, made: dict[str, Pair], tmp_path: Path
) -> None:
    second = made["second"]
    last_good = tmp_path / "last-good"
    last_good.write_bytes(CertificateFiles(used.certificate, used.key).current.pem)
    files = CertificateFiles(second.certificate, second.key, last_good=last_good)
    assert not files.is_refused
    assert files.current.pem == CertificateFiles(second.certificate, second.key).current.pem


def test_one_that_has_expired_is_used_at_the_start_and_said(made: dict[str, Pair], events: Events) -> None:
    old = made["expired"]
    files = CertificateFiles(old.certificate, old.key)
    assert files.current.is_over
    assert [each["event"] for each in events] == ["certificate_expired"]

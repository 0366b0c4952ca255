"""What a pod knows of itself: files that are there and say something, or an error that names them."""

from pathlib import Path

import pytest

from audiocast.cluster.discovery.pod import Pod
from audiocast.cluster.errors import NoAccount


def test_files_are_read_each_time_and_without_the_line_end(tmp_path: Path) -> None:
    pod = Pod("fd00::1", 6443, tmp_path)
    assert pod.api_address == "[fd00::1]:6443"
    for token in ("first", "second"):
        (tmp_path / "token").write_text(f"{token}\n")
        assert pod.token == token


def test_without_another_word_the_port_is_that_of_https() -> None:
    assert Pod("10.0.0.1").api_address == "10.0.0.1:443"


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe"])
def test_a_file_that_says_nothing_is_no_account(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "ca.crt").write_bytes(content)
    with pytest.raises(NoAccount, match=r"ca\.crt"):
        Pod("10.0.0.1", 443, tmp_path).read("ca.crt")


@pytest.mark.parametrize("token", ["two\nlines", "umläut"])
def test_a_token_that_would_be_no_header_is_no_account(tmp_path: Path, token: str) -> None:
    (tmp_path / "token").write_text(token, encoding="utf-8")
    with pytest.raises(NoAccount, match="one line") as caught:
        _ = Pod("10.0.0.1", 443, tmp_path).token
    assert token not in str(caught.value), "it is a secret"

"""Which stream a mount of Icecast's programs means."""

import pytest

from audiocast.web.http.errors import ApiError
from audiocast.web.icecast.mounts import stream_of


@pytest.mark.parametrize(
    "mount",
    [
        "/ingest/abc",
        "ingest/abc",
        "/ingest/abc/",
        "/stream/abc",
        "stream/abc",
        "/stream/abc/",
        "/stream/abc.opus",
        "/stream/abc.ogg",
    ],
)
def test_each_form_means_its_stream(mount: str) -> None:
    assert stream_of(mount) == "abc"


@pytest.mark.parametrize(
    ("mount", "stream_id"), [("/ingest/", ""), ("/stream/.opus", ""), ("/ingest/a.b", "a.b")]
)
def test_an_id_that_is_none_is_for_others_to_refuse(mount: str, stream_id: str) -> None:
    assert stream_of(mount) == stream_id


@pytest.mark.parametrize(
    "mount", ["", "/", "abc", "/abc", "//ingest/abc", "/ingest/a/b", "/listen/abc", "/ingest"]
)
def test_all_else_is_refused(mount: str) -> None:
    with pytest.raises(ApiError) as raised:
        stream_of(mount)
    assert (raised.value.status, raised.value.code) == (400, "bad_mount")

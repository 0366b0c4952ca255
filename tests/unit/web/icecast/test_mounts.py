"""Which stream a mount of Icecast's programs means."""

import pytest

from audiocast.web.http.aliases import Alias, Aliases
from audiocast.web.http.errors import ApiError
from audiocast.web.icecast.mounts import mount_of, stream_of

ALIASES = Aliases(
    [Alias("/live.ogg", "live"), Alias("/live", "live"), Alias("/moved", redirect="http://a/b")]
)


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
    assert stream_of(mount, ALIASES) == "abc"


@pytest.mark.parametrize(
    ("mount", "stream_id"), [("/ingest/", ""), ("/stream/.opus", ""), ("/ingest/a.b", "a.b")]
)
def test_an_id_that_is_none_is_for_others_to_refuse(mount: str, stream_id: str) -> None:
    assert stream_of(mount, ALIASES) == stream_id


@pytest.mark.parametrize(
    "mount", ["", "/", "abc", "/abc", "//ingest/abc", "/ingest/a/b", "/listen/abc", "/ingest"]
)
def test_all_else_is_refused(mount: str) -> None:
    with pytest.raises(ApiError) as raised:
        stream_of(mount, ALIASES)
    assert (raised.value.status, raised.value.code) == (400, "bad_mount")


@pytest.mark.parametrize("mount", ["/live.ogg", "live.ogg", "/live", "/live/"])
def test_an_alias_means_its_stream(mount: str) -> None:
    assert stream_of(mount, ALIASES) == "live"


def test_a_stream_has_the_first_of_its_aliases_as_its_mount() -> None:
    assert (mount_of("live", ALIASES), mount_of("other", ALIASES)) == ("/live.ogg", "/stream/other")


def test_an_alias_that_leads_elsewhere_is_no_mount() -> None:
    with pytest.raises(ApiError):
        stream_of("/moved", ALIASES)

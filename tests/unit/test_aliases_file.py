"""The file with aliases: what it may say, and what is told of a wrong one, without a password."""

from pathlib import Path

import pytest

from audiocast.aliases_file import BadAliases, is_own_path, parse_aliases, read_aliases
from tests.support.http.head_and_get import PATHS

SECRET = "a-password-nobody-may-see"

FILE = f"""
# The station.
["/live.ogg"]
stream = "live"
password = "{SECRET}"
title = "Rádio\\n Example"

["/a b/é.ogg"]
stream = "live"

["/old.ogg"]
redirect = "https://elsewhere.example.org/live.ogg"
"""


def test_a_path_is_found_as_players_and_encoders_write_it() -> None:
    aliases = parse_aliases(FILE.encode())
    assert len(aliases) == 3
    for path in ("/live.ogg", "/live.ogg/", "/live.ogg;", "/live.ogg/;", "/live%2Eogg"):
        found = aliases.find(path)
        assert found is not None, path
        assert (found.stream_id, found.title) == ("live", "Rádio Example")
    assert aliases.find("/a%20b/%C3%A9.ogg") is not None
    assert [aliases.find(path) for path in ("/live", "/live.ogg.m3u", "/", "", "/live.oggx")] == [None] * 5
    assert aliases.path_of("live") == "/live.ogg"
    assert SECRET not in repr(list(aliases))


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert len(read_aliases(None)) == 0
    assert read_aliases(None).find("/live.ogg") is None
    with pytest.raises(OSError, match="No such file"):
        read_aliases(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[", "expected TOML"),
        ('["/a"]\nstream = "a"\n["/a"]\nstream = "b"', "line 3"),
        ('["live.ogg"]\nstream = "a"', '"live.ogg".*expected a path like "/live.ogg"'),
        ('["/a?b"]\nstream = "a"', "expected a path like"),
        ('["/api/start"]\nstream = "a"', "server's own"),
        ('["/broadcast"]\nstream = "a"', "server's own"),
        ('["/a"]\nstream = "a b"', "expected a stream of letters"),
        ('["/a"]\nstream = 1', "expected stream in quotes"),
        ('["/a"]\nport = "1"', "expected only stream, password, title, visibility, redirect"),
        ('["/a"]\nstream = "a"\nvisibility = "secret"', "expected the visibility public or unlisted"),
        ('["/a"]', "either stream or redirect"),
        ('["/a"]\nstream = "a"\nredirect = "http://b"', "either stream or redirect"),
        ('["/a"]\nredirect = "javascript:x"', "expected a redirect to http"),
        ('["/a"]\nredirect = "http://b\\r\\nSet-Cookie: c"', "expected a redirect to http"),
        (f'["/a"]\nredirect = "http://b"\npassword = "{SECRET}"', "expected no password"),
        (f'["/a"]\nstream = "a"\npassword = "{SECRET * 30}"', "at most 500 characters"),
        ("a" * 1_048_577, "at most 1048576 bytes"),
        ("\n".join(f'["/{number}"]\nstream = "a"' for number in range(5001)), "at most 5000 aliases"),
    ],
)
def test_a_wrong_file_is_told(text: str, words: str) -> None:
    with pytest.raises(BadAliases, match=words) as caught:
        parse_aliases(text.encode())
    assert SECRET not in str(caught.value)


def test_another_encoding_is_told() -> None:
    with pytest.raises(BadAliases, match="expected UTF-8"):
        parse_aliases('["/é"]'.encode("latin-1"))


def test_no_route_of_the_server_can_be_an_alias() -> None:
    names = dict.fromkeys(("live", "waiting", "unknown", "key"), "x")
    paths = [path.format(**names) for each in PATHS.values() for path in each]
    own = {path.partition("?")[0] for path in paths} - {"*", "/nothing"}
    assert {path for path in own if not is_own_path(path)} == set()
    assert not any(is_own_path(path) for path in ("/stream", "/live.ogg", "/listen.ogg", "/a/b"))

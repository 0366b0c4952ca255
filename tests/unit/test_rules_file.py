"""The text of rules: read whole, or refused with what to do."""

import pytest

from audiocast.rules_file import LINKS_FIRST_LINE, MAX_BYTES, MAX_RULES, BadRules, parse_rules
from audiocast.stream.hub_state import Rule


def test_each_line_says_what_holds_for_a_stream() -> None:
    text = b"audiocast-rules 1\nnews 3\nlate-show 0 suspended\nold_times 2 ended\nall 7 suspended ended\n"
    assert parse_rules(text) == {
        "news": Rule(3),
        "late-show": Rule(0, is_suspended=True),
        "old_times": Rule(2, is_ended=True),
        "all": Rule(7, is_suspended=True, is_ended=True),
    }
    assert parse_rules(b"audiocast-rules 1\n") == {}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "expected the first line 'audiocast-rules 1', got ''"),
        (b"audiocast-rules 2\n", "got 'audiocast-rules 2'"),
        (b"audiocast-rules 1\nnews\n", "line 2: expected ID GENERATION"),
        (b"audiocast-rules 1\nnews 1\nnews three\n", "line 3: .* got 'news three'"),
        (b"audiocast-rules 1\nnews 1 ended suspended\n", "line 2"),
        (b"audiocast-rules 1\nnews 1234567890\n", "line 2"),
        (b"audiocast-rules 1\n" + b"n" * 65 + b" 1\n", "line 2"),
        (b"audiocast-rules 1\n\xff 1\n", "line 2"),
        (b"audiocast-rules 1\n" + b"n 1\n" * (MAX_RULES + 1), f"at most {MAX_RULES} rules"),
        (b"a" * (MAX_BYTES + 1), f"at most {MAX_BYTES} bytes, got {MAX_BYTES + 1}; take out"),
    ],
)
def test_what_is_no_list_of_rules_is_refused_whole(text: bytes, why: str) -> None:
    with pytest.raises(BadRules, match=why):
        parse_rules(text)


def test_revoked_links_are_in_a_file_beside_it() -> None:
    links = b"audiocast-revoked-links 1\nnews 1764504000000\nmembers 5\n"
    assert parse_rules(b"audiocast-rules 1\nnews 3\nold 2 ended\n", links) == {
        "news": Rule(3, links_revoked_at_ms=1_764_504_000_000),
        "old": Rule(2, is_ended=True),
        "members": Rule(links_revoked_at_ms=5),
    }


@pytest.mark.parametrize(
    ("links", "why"),
    [
        (b"audiocast-rules 1\n", f"expected the first line '{LINKS_FIRST_LINE}'"),
        (b"audiocast-revoked-links 1\nnews soon\n", "line 2 of .links: expected ID MILLISECONDS, got 'news"),
        (b"audiocast-revoked-links 1\nnews 1234567890123456\n", "line 2 of .links"),
        (b"audiocast-revoked-links 1\n" + b"n 1\n" * (MAX_RULES + 1), f"at most {MAX_RULES} rules"),
        (b"a" * (MAX_BYTES + 1), f"at most {MAX_BYTES} bytes"),
    ],
)
def test_revoked_links_that_are_none_are_refused(links: bytes, why: str) -> None:
    with pytest.raises(BadRules, match=why):
        parse_rules(b"audiocast-rules 1\n", links)

"""The text of rules: read whole, or refused with what to do."""

import pytest

from audiocast.rules_file import MAX_BYTES, MAX_RULES, BadRules, parse_rules
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

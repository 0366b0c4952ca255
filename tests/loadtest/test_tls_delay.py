"""What TLS adds to the page's delay is judged turn by turn: a slow turn makes both ways later."""

import pytest

from loadtest.player.tls_delay import judged


@pytest.mark.parametrize(
    ("plain_ms", "tls_ms", "kept"),
    [
        ([80, 85, 90], [84, 90, 97], [True, True]),
        ([80, 300, 90], [82, 310, 98], [True, True]),
        ([80, 82, 84], [92, 95, 97], [True, False]),
        ([95, 96, 97], [99, 104, 105], [False, True]),
    ],
    ids=["good", "a slow turn", "TLS adds too much", "too late"],
)
def test_both_promises_are_judged_at_the_median(
    plain_ms: list[float], tls_ms: list[float], kept: list[bool]
) -> None:
    assert [verdict.kept for verdict in judged("chromium", plain_ms, tls_ms)] == kept


def test_firefox_has_a_bound_of_its_own() -> None:
    late, _ = judged("firefox", [110, 110, 110], [118, 119, 120])
    assert late.kept
    assert "at most 120 ms" in late.promise

"""The listener's page through all that may happen to it, in Chromium: what is heard of it.

The numbers are for machines that are starved; loadtest.player.player_bench has those that are promised, and
Firefox.
"""

import pytest

from tests.browser.chromium_tab import chromium, chromium_tab
from tests.browser.rides import OUTAGE_SECONDS, Pace, Ride, ride

WEATHERS = ("jitter and stalls",)
PACE = Pace(2.0, calm_seconds=4.0, adapt_seconds=6.0, bad_seconds=5.0, weathers=WEATHERS)
AT_THE_EDGE_MS = OUTAGE_SECONDS * 1000 / 2
"""Whoever does not come back to the live edge after an outage, or a sleep, is later by twice as much."""

MISSED_MS = 1500
"""Sound that a starved machine may miss in one part."""


@pytest.fixture(scope="module")
def a_ride(tmp_path_factory: pytest.TempPathFactory) -> Ride:
    with chromium() as browser, chromium_tab(browser) as tab:
        return ride(tab, tmp_path_factory.mktemp("ride"), PACE)


def test_sound_is_heard_soon_after_it_was_made(a_ride: Ride) -> None:
    assert 0 < a_ride.delay_ms("good network") <= AT_THE_EDGE_MS
    assert sum(a_ride.holes_ms("good network")) <= MISSED_MS


@pytest.mark.parametrize("name", ["source replaced", "owner killed", "another address"])
def test_what_happens_elsewhere_is_a_short_hole_at_most(a_ride: Ride, name: str) -> None:
    assert sum(a_ride.holes_ms(name)) <= MISSED_MS
    assert a_ride.delay_ms(name) <= AT_THE_EDGE_MS


@pytest.mark.parametrize("name", ["outage", "another address, without a word"])
def test_a_dead_network_costs_what_it_lasts_and_little_more(a_ride: Ride, name: str) -> None:
    assert sum(a_ride.holes_ms(name)) <= OUTAGE_SECONDS * 1000 + MISSED_MS
    assert a_ride.delay_ms(name) <= AT_THE_EDGE_MS


def test_a_tab_that_slept_is_at_the_live_edge_again(a_ride: Ride) -> None:
    assert a_ride.delay_ms("tab asleep") <= AT_THE_EDGE_MS


def test_jitter_and_stalls_are_hardly_heard_once_they_are_known(a_ride: Ride) -> None:
    assert sum(a_ride.holes_ms("jitter and stalls")) <= MISSED_MS
    assert a_ride.delay_ms("jitter and stalls") <= AT_THE_EDGE_MS

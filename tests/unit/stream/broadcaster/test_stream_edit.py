"""How a stream shows itself, as its broadcaster changes it: beside what keys claim, while it is known."""

import pytest

from audiocast.stream.broadcaster.presentation import Presentation
from audiocast.stream.broadcaster.stream_edit import StreamEdit
from audiocast.stream.keys import Claims, Visibility
from tests.unit.stream.hub_harness import HubHarness


@pytest.fixture
def harness() -> HubHarness:
    return HubHarness()


CLAIMED = Claims(
    visibility=Visibility.PUBLIC,
    presentation=Presentation("Jazz", "#112233", "https://radio.example/"),
    starts_at=1_801_422_000,
)


def test_what_an_edit_leaves_alone_stays() -> None:
    edited = StreamEdit(description="Blues").applied_to(CLAIMED)
    assert edited.presentation == Presentation("Blues", "#112233", "https://radio.example/")
    assert (edited.starts_at, edited.visibility) == (1_801_422_000, Visibility.PUBLIC)
    assert StreamEdit(title="x", is_muted=True).applied_to(CLAIMED) == CLAIMED


def test_an_empty_text_takes_away_and_what_is_no_colour_is_none() -> None:
    assert StreamEdit(description="", accent="", link="", starts_at=0).applied_to(CLAIMED) == Claims(
        visibility=Visibility.PUBLIC
    )
    assert StreamEdit(accent="red", link="javascript:alert(1)").applied_to(
        CLAIMED
    ).presentation == Presentation("Jazz")


def test_a_later_edit_has_the_last_word_on_what_it_says() -> None:
    first = StreamEdit(title="A", description="Blues", starts_at=5)
    assert StreamEdit(description="", is_muted=True).after(first) == StreamEdit(
        title="A", is_muted=True, description="", starts_at=5
    )


def test_an_edit_outlives_the_source_and_what_its_next_key_claims(harness: HubHarness) -> None:
    hub = harness.hub
    hub.claims = CLAIMED
    before = harness.changes
    hub.edit(StreamEdit(description="Blues", accent="#445566"))
    assert (hub.claims.presentation.description, harness.changes) == ("Blues", before + 1)
    # The encoder comes again, with the same key.
    hub.claims = CLAIMED
    assert hub.claims.presentation == Presentation("Blues", "#445566", "https://radio.example/")
    harness.clock.advance(1)
    hub.edit(StreamEdit(accent=""))
    assert hub.claims.presentation == Presentation("Blues", "", "https://radio.example/")


def test_a_stream_that_is_started_anew_has_forgotten_edits(harness: HubHarness) -> None:
    hub = harness.hub
    hub.edit(StreamEdit(description="Blues"))
    hub.reopen("Again")
    hub.claims = CLAIMED
    assert hub.claims.presentation.description == "Jazz"

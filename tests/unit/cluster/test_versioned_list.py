"""Lists that others keep a copy of: whatever changes and is missed, the copies come to be the same."""

import random

import pytest

from audiocast.cluster import versioned_list
from audiocast.cluster.errors import BadMessage
from audiocast.cluster.versioned_list import AnnouncedList, ListCopy, ListPage, ListSummary, Value

PAGE_ENTRIES = 1000


def catch_up(copy: ListCopy, own: AnnouncedList, *, most_pages: int = 1000) -> int:
    """Bring a copy up to date; give the number of pages that it took."""
    pages = 0
    while copy.version < own.version and pages < most_pages:
        copy.apply(ListPage.parse(own.page_after(copy.cursor).as_json(), str))
        pages += 1
    return pages


def streams(*numbers: int, source: str = "1-1") -> dict[str, Value]:
    return {f"stream{number}": source for number in numbers}


def test_an_empty_list_needs_no_page() -> None:
    own, copy = AnnouncedList(), ListCopy()
    own.update({})
    assert catch_up(copy, own) == 0
    assert copy.summary == own.summary


def test_what_comes_goes_and_changes_is_copied() -> None:
    own, copy = AnnouncedList(), ListCopy()
    for entries in (streams(1, 2, 3), streams(2, 3, 4), streams(2, source="2-2"), {}, streams(1)):
        own.update(entries)
        assert catch_up(copy, own) == 1
        assert copy.entries == entries
        assert copy.summary == own.summary


def test_a_list_that_did_not_change_has_no_new_version() -> None:
    own = AnnouncedList()
    own.update(streams(1, 2))
    before = own.summary
    own.update(streams(2, 1))
    assert own.summary == before


def test_a_page_has_only_what_has_changed() -> None:
    own, copy = AnnouncedList(), ListCopy()
    own.update(streams(*range(500)))
    catch_up(copy, own)
    own.update({**streams(*range(1, 500)), **streams(7, source="2-2")})
    page = own.page_after(copy.cursor)
    assert page.changes == {"stream0": None, "stream7": "2-2"}
    assert not page.is_first
    assert copy.apply(page) == {"stream0", "stream7"}


@pytest.mark.parametrize("count", [PAGE_ENTRIES - 1, PAGE_ENTRIES, PAGE_ENTRIES + 1, 5 * PAGE_ENTRIES])
def test_a_long_list_comes_in_pages(count: int) -> None:
    own, copy = AnnouncedList(), ListCopy()
    own.update(streams(*range(count)))
    assert catch_up(copy, own) == -(-count // PAGE_ENTRIES)
    assert copy.summary == own.summary


def test_a_summary_has_the_same_size_whatever_the_list() -> None:
    own = AnnouncedList()
    own.update(streams(*range(20_000)))
    assert len(str(own.summary.as_json())) < 100


def test_a_list_that_changes_between_pages_comes_out_right() -> None:
    own, copy = AnnouncedList(), ListCopy()
    own.update(streams(*range(3 * PAGE_ENTRIES)))
    copy.apply(own.page_after(copy.cursor))
    own.update({**streams(*range(0, 3 * PAGE_ENTRIES, 2)), **streams(5, source="9-9")})
    catch_up(copy, own)
    assert copy.summary == own.summary


def test_a_copy_that_missed_what_is_forgotten_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versioned_list, "MAX_GONE", 10)
    own, copy = AnnouncedList(), ListCopy()
    own.update(streams(*range(100)))
    catch_up(copy, own)
    own.update(streams(*range(50, 100)))
    page = own.page_after(copy.cursor)
    assert page.is_first
    assert copy.apply(page) == set(streams(*range(100)))
    assert copy.summary == own.summary


def test_a_whole_list_in_pages_is_not_begun_again_for_what_was_gone_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(versioned_list, "MAX_GONE", 10)
    monkeypatch.setattr(versioned_list, "PAGE_ENTRIES", 10)
    own = AnnouncedList()
    own.update(streams(*range(30)))
    # Their removal has a later version than what stays, and is forgotten.
    own.update(streams(*range(30), *range(100, 200)))
    own.update(streams(*range(30)))
    copy = ListCopy()
    assert catch_up(copy, own, most_pages=10) == 3
    assert copy.summary == own.summary


@pytest.mark.parametrize("seed", range(5))
def test_copies_that_look_now_and_then_agree_in_the_end(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versioned_list, "MAX_GONE", 20)
    monkeypatch.setattr(versioned_list, "PAGE_ENTRIES", 7)
    chance = random.Random(seed)
    own, copies = AnnouncedList(), [ListCopy() for _ in range(5)]
    for _ in range(300):
        ids = chance.sample(range(60), chance.randrange(60))
        own.update(streams(*ids, source=f"{chance.randrange(3)}-1"))
        for copy in copies:
            if chance.random() < 0.2:
                catch_up(copy, own, most_pages=chance.randrange(1, 4))
        assert own._gone == sum(value is None for _, value in own._changes.values()) <= 20
        assert len(own._entries) + own._gone == len(own._changes)
    for copy in copies:
        catch_up(copy, own)
        assert copy.summary == own.summary
        assert copy.entries == own._entries


@pytest.mark.parametrize("cursor", ["", "x", "-1.0", "0.0", "999.0", "1.-5", "1." * 50, "9" * 5000])
def test_a_cursor_of_somebody_elses_list_gets_the_whole_one(cursor: str) -> None:
    own, copy = AnnouncedList(), ListCopy()
    own.update(streams(1, 2))
    page = own.page_after(cursor)
    assert page.is_first
    copy.apply(page)
    assert copy.summary == own.summary


def test_a_list_that_grows_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versioned_list, "MAX_ENTRIES", 10)
    own, copy = AnnouncedList(), ListCopy()
    own.update(streams(*range(11)))
    with pytest.raises(BadMessage, match="at most 10"):
        copy.apply(own.page_after(""))
    assert copy.entries == {}


PAGE = {"cursor": "1.1", "version": 1, "is_first": True, "changes": {"abc": "1-1"}}


@pytest.mark.parametrize(
    "said",
    [
        {"changes": ["abc"]},
        {"changes": {"abc": 5}},
        {"changes": {"abc": ["1-1"]}},
        {"changes": {"abc": "x" * 101}},
        {"changes": {"x" * 101: "1-1"}},
        {"changes": {str(number): "1-1" for number in range(PAGE_ENTRIES + 1)}},
        {"version": "1"},
        {"cursor": 1},
        {"is_first": 1},
    ],
)
def test_a_page_that_is_none_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(BadMessage, match="expected a page"):
        ListPage.parse(PAGE | said, str)


@pytest.mark.parametrize("said", [None, [], {}, {"version": 1}, {"version": -1, "entries": 1, "digest": ""}])
def test_a_summary_that_is_none_is_refused(said: object) -> None:
    with pytest.raises(BadMessage, match="expected the summary"):
        ListSummary.parse(said)


def test_a_page_with_texts_at_their_bounds_is_one() -> None:
    said = PAGE | {"changes": {"x" * 100: "y" * 100}, "cursor": "1" * 150}
    assert ListPage.parse(said, str) == ListPage("1" * 100, 1, True, {"x" * 100: "y" * 100})


def test_a_copy_has_a_hundred_thousand_streams_at_most() -> None:
    copy = ListCopy()
    copy.apply(ListPage("1.1", 1, True, streams(*range(100_000))))
    assert copy.summary.entries == 100_000
    with pytest.raises(BadMessage, match="at most 100000 streams"):
        copy.apply(ListPage("2.1", 2, False, streams(100_000)))
    assert copy.summary == ListCopy().summary, "it begins anew"


@pytest.mark.parametrize(("gone", "is_first"), [(10_000, False), (10_001, True)])
def test_ten_thousand_that_are_gone_are_remembered(gone: int, is_first: bool) -> None:
    own, copy = AnnouncedList(), ListCopy()
    own.update(streams(*range(gone)))
    catch_up(copy, own)
    own.update({})
    assert own.page_after(copy.cursor).is_first is is_first
    # Of too many the last five thousand are remembered still.
    version = own.version - 5_000
    assert not own.page_after(f"{version}.{version}").is_first
    assert own.page_after(f"{version - 1}.{version - 1}").is_first is is_first

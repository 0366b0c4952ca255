"""The log of a source: where somebody else goes on, with what they need and nothing twice."""

import pytest

from audiocast.ogg.errors import BadHead
from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.page import FLAG_BOS, Page, lace
from audiocast.stream.errors import NoAudio
from audiocast.stream.source_id import SourceId
from audiocast.stream.source_log import HeaderPages, Position, SourceLog

SAMPLES = 960


def page(serial: int, sequence: int, *, flags: int = 0, body: bytes = b"sound") -> Page:
    return Page(flags, sequence * SAMPLES, serial, sequence, lace([body]), body)


def link(serial: int) -> list[Page]:
    return [page(serial, 0, flags=FLAG_BOS, body=b"head"), page(serial, 1, body=b"tags")]


def headers(serial: int) -> bytes:
    return b"".join(each.encode() for each in link(serial))


def filled(log: SourceLog, serial: int, sequences: range) -> None:
    log.begin_chain_segment(link(serial))
    for sequence in sequences:
        log.append(page(serial, sequence), SAMPLES)


@pytest.fixture
def log() -> SourceLog:
    return SourceLog(max_seconds=1, max_bytes=100_000)


def going_on(log: SourceLog, had: Position | None) -> bytes:
    before, number = log.after(had)
    return before + b"".join(log.pages(number))


def test_nothing_is_in_a_new_one(log: SourceLog) -> None:
    assert (log.last, log.after(None), log.pages(0)) == (None, (b"", 0), [])


def test_who_has_nothing_gets_all(log: SourceLog) -> None:
    filled(log, 7, range(2, 5))
    sound = b"".join(page(7, sequence).encode() for sequence in range(2, 5))
    assert going_on(log, None) == headers(7) + sound
    assert log.last == Position(7, 4)


@pytest.mark.parametrize("sequence", [0, 1, 2, 3, 4])
def test_who_has_a_page_gets_what_follows_it(log: SourceLog, sequence: int) -> None:
    filled(log, 7, range(2, 5))
    rest = [*link(7), *(page(7, number) for number in range(2, 5))][sequence + 1 :]
    assert going_on(log, Position(7, sequence)) == b"".join(each.encode() for each in rest)


def test_a_chain_goes_on_over_its_links(log: SourceLog) -> None:
    filled(log, 7, range(2, 4))
    filled(log, 8, range(2, 4))
    sound = b"".join(page(8, number).encode() for number in range(2, 4))
    assert going_on(log, Position(7, 3)) == headers(8) + sound


def test_when_the_beginning_is_gone_its_headers_are_not(log: SourceLog) -> None:
    filled(log, 7, range(2, 102))
    assert log.first > 2
    before, number = log.after(None)
    assert (before, number) == (headers(7), log.first)
    assert len(log.pages(number)) == 50


def test_who_was_away_too_long_misses_what_lies_between(log: SourceLog) -> None:
    filled(log, 7, range(2, 102))
    assert log.after(Position(7, 5)) == (b"", log.first)
    assert log.after(Position(6, 5)) == (headers(7), log.first)


def test_who_has_more_than_is_here_gets_what_follows_that_when_it_comes(log: SourceLog) -> None:
    filled(log, 7, range(2, 5))
    before, number = log.after(Position(7, 6))
    assert (before, log.pages(number)) == (b"", [])
    for sequence in range(5, 9):
        log.append(page(7, sequence), SAMPLES)
    assert log.pages(number) == [page(7, 7).encode(), page(7, 8).encode()]


def test_an_encoder_that_counts_anew_makes_nobody_wait(log: SourceLog) -> None:
    filled(log, 7, range(5_000, 5_010))
    for sequence in range(2, 5):
        log.append(page(7, sequence), SAMPLES)
    before, number = log.after(Position(7, 5_008))
    assert (before, len(log.pages(number))) == (b"", 4), "its page is here"
    assert log.after(Position(7, 4_990)) == (b"", log.first), "its page is gone"
    assert log.after(Position(7, 2_004))[1] == log.end + 2_000
    assert log.after(Position(7, 2_005))[1] == log.first


def test_it_knows_the_chain_segments_whose_pages_are_here(log: SourceLog) -> None:
    filled(log, 7, range(2, 4))
    filled(log, 8, range(2, 4))
    assert [log.has_any_of(serial) for serial in (6, 7, 8, 9)] == [False, True, True, False]


def test_it_is_bounded_in_bytes_too() -> None:
    log = SourceLog(max_seconds=1000, max_bytes=1000)
    filled(log, 7, range(2, 200))
    assert sum(map(len, log.pages(log.first))) <= 1000
    assert log.last == Position(7, 199)


def test_another_source_begins_anew_and_numbers_go_on(log: SourceLog) -> None:
    filled(log, 7, range(2, 5))
    end = log.end
    log.clear()
    assert (log.first, log.end, log.last) == (end, end, None)
    filled(log, 7, range(2, 4))
    assert log.end == end + 4


class TestRest:
    """What is kept of the source before, for those who have not got all of it."""

    OLD, NEW = SourceId(1, 1), SourceId(2, 2)

    def moved(self, log: SourceLog, *, pages: int = 10) -> None:
        log.begin_source(self.OLD)
        filled(log, 7, range(2, 2 + pages))
        log.begin_source(self.NEW)
        filled(log, 8, range(2, 4))

    def test_who_had_a_page_of_it_gets_what_follows(self, log: SourceLog) -> None:
        self.moved(log)
        assert log.rest_of(self.OLD, Position(7, 8)) == [page(7, number).encode() for number in (9, 10, 11)]
        assert log.rest_of(self.OLD, Position(7, 11)) == []
        assert len(log.pages(log.first)) == 4, "of the new one"

    def test_who_was_sent_it_up_to_an_index_gets_what_follows(self, log: SourceLog) -> None:
        self.moved(log)
        assert log.rest_of(self.OLD, 10) == [page(7, number).encode() for number in (10, 11)]
        assert [log.rest_of(self.OLD, index) for index in (12, 13)] == [[], []]
        assert len(log.rest_of(self.OLD, 0)) == 12

    @pytest.mark.parametrize("had", [Position(9, 9), None])
    def test_who_knows_another_source_or_no_page_of_it_gets_none(
        self, log: SourceLog, had: Position | None
    ) -> None:
        self.moved(log)
        assert log.rest_of(self.OLD, had) == []
        assert log.rest_of(self.NEW, Position(8, 2)) == log.rest_of(None, had) == []

    def test_it_is_five_seconds_of_audio_for_five_seconds_of_audio(self) -> None:
        log = SourceLog(max_seconds=60, max_bytes=1_000_000)
        self.moved(log, pages=1000)
        assert len(log.rest_of(self.OLD, 0)) == 250
        for number in range(4, 252):
            log.append(page(8, number), SAMPLES)
        assert log.rest_of(self.OLD, 0)
        log.append(page(8, 252), SAMPLES)
        assert log.rest_of(self.OLD, 0) == []


def test_growth_is_told(log: SourceLog) -> None:
    told: list[int] = []
    log.on_growth.add(lambda: told.append(log.end))
    filled(log, 7, range(2, 4))
    assert told == [1, 2, 3, 4]


@pytest.mark.parametrize("position", [Position(0, 0), Position(2**32 - 1, 2**32 - 1)])
def test_a_position_as_text_and_back(position: Position) -> None:
    assert Position.parse(str(position)) == position


@pytest.mark.parametrize("text", ["", ".", "1", "1.", ".1", "a.1", "1.1.1", "-1.1", "٣.1"])
def test_other_text_is_no_position(text: str) -> None:
    with pytest.raises(ValueError, match="expected a position"):
        Position.parse(text)


class TestBounds:
    """Of the pages that are kept: as many as fit, to the last sample and byte."""

    def test_as_many_seconds_as_were_asked_for(self) -> None:
        log = SourceLog(max_seconds=0.1, max_bytes=100_000)
        for sequence in range(2, 9):
            log.append(page(7, sequence), SAMPLES)
        assert (log.first, log.end, len(log.pages(0))) == (2, 7, 5)
        log.append(page(7, 9), SAMPLES + 1)
        assert (log.first, log.end) == (4, 8), "a sample more takes another page's place"

    def test_as_many_bytes_as_were_asked_for(self) -> None:
        size_bytes = len(page(7, 2).encode())
        log = SourceLog(max_seconds=100, max_bytes=4 * size_bytes)
        for sequence in range(2, 6):
            log.append(page(7, sequence), SAMPLES)
        assert (log.first, log.end) == (0, 4)
        log.append(page(7, 6, body=b"sounds"), SAMPLES)
        assert (log.first, log.end) == (2, 5)

    def test_what_another_source_had_takes_no_room(self) -> None:
        log = SourceLog(max_seconds=0.1, max_bytes=5 * len(page(7, 2).encode()))
        for serial in (7, 8, 9):
            log.clear()
            for sequence in range(2, 7):
                log.append(page(serial, sequence), SAMPLES)
            assert len(log.pages(0)) == 5

    def test_pages_are_given_from_the_oldest_on_when_those_asked_for_are_gone(self, log: SourceLog) -> None:
        filled(log, 7, range(2, 102))
        assert log.pages(0) == log.pages(log.first)
        assert log.pages(log.first + 1) == log.pages(log.first)[1:]
        assert log.pages(log.end) == []


class TestHeaderPages:
    HEAD = OpusHead(2, 312)
    TAGS = OpusTags("v", ("TITLE=Song", "NOTE=" + "x" * 9_000))

    def test_they_are_the_sources_own_up_to_61440_bytes(self) -> None:
        kept = HeaderPages()
        pages = [page(7, 0, flags=FLAG_BOS, body=bytes(19)), page(7, 1, body=bytes(61_440 - 19))]
        for each in pages:
            kept.add(each, self.HEAD, None)
        assert kept.pages == pages

    def test_more_of_them_become_two_with_what_is_known(self) -> None:
        kept = HeaderPages()
        kept.add(page(7, 5, flags=FLAG_BOS, body=self.HEAD.encode()), self.HEAD, None)
        kept.add(page(7, 6, body=bytes(61_440 - 18)), self.HEAD, None)
        head = Page(FLAG_BOS, 0, 7, 5, lace([self.HEAD.encode()]), self.HEAD.encode())
        assert kept.pages == [head]
        kept.add(page(7, 7), self.HEAD, self.TAGS)
        short = OpusTags("v", ("TITLE=Song",)).encode()
        assert kept.pages == [head, Page(0, 0, 7, 7, lace([short]), short)]

    def test_the_first_page_of_all_may_be_too_large_already(self) -> None:
        kept = HeaderPages()
        kept.add(page(7, 5, body=bytes(61_441)), self.HEAD, None)
        assert [(each.sequence, each.is_bos, each.granule_position) for each in kept.pages] == [(5, True, 0)]

    def test_a_head_that_is_too_large_is_none(self) -> None:
        with pytest.raises(BadHead, match="more than 61440 bytes"):
            HeaderPages().add(page(7, 0, body=bytes(61_441)), None, None)

    def test_a_thousand_of_them_are_enough(self) -> None:
        kept = HeaderPages()
        for sequence in range(1_000):
            kept.add(page(7, sequence, body=b""), self.HEAD, None)
        with pytest.raises(NoAudio, match="at most 1000 pages of headers"):
            kept.add(page(7, 1_000, body=b""), self.HEAD, None)

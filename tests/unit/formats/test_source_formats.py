"""What a source sends is told by its first bytes, however they are cut; its type is only a hint."""

import pytest

from audiocast.formats.source_formats import FormatSniffer, Recognized, SourceFormat
from audiocast.ogg.headers import OpusHead, OpusTags
from audiocast.ogg.writer import PageWriter
from tests.support.audio.foreign_sound import id3_tag, tone

OPUS = PageWriter(1).headers(OpusHead(channels=2, pre_skip=312), OpusTags("v"))


def sniff(data: bytes, content_type: str = "", *, step: int = 0) -> Recognized | None:
    sniffer = FormatSniffer(content_type)
    for at in range(0, len(data), step or len(data)):
        found = sniffer.feed(data[at : at + (step or len(data))])
        if found is not None:
            return found
    return None


@pytest.mark.parametrize("source_format", SourceFormat)
@pytest.mark.parametrize("step", [0, 1, 7])
def test_each_format_is_known(source_format: SourceFormat, step: int) -> None:
    sound = tone(source_format.value)
    found = sniff(sound, "application/octet-stream", step=step)
    assert found is not None
    assert found.format is source_format
    assert found.data in sound


@pytest.mark.parametrize("content_type", ["", "audio/mpeg"])
@pytest.mark.parametrize("step", [0, 1])
def test_ogg_opus_is_left_alone_whatever_its_type_is(content_type: str, step: int) -> None:
    found = sniff(OPUS, content_type, step=step)
    assert found is not None
    assert found.format is None
    assert OPUS.startswith(found.data)


@pytest.mark.parametrize("content_type", ["audio/mpeg", "audio/aacp; charset=x", "Audio/AAC"])
def test_a_type_is_believed_when_the_bytes_say_nothing(content_type: str) -> None:
    found = sniff(b"\0middle of a frame" * 4, content_type)
    assert found is not None
    assert found.format is (SourceFormat.MP3 if "mpeg" in content_type else SourceFormat.AAC)


def test_a_type_is_believed_behind_a_tag_too() -> None:
    found = sniff(id3_tag(100) + b"\0middle of a frame" * 4, "audio/aac")
    assert found is not None
    assert found.format is SourceFormat.AAC


def test_bytes_that_say_something_are_believed_more_than_the_type() -> None:
    found = sniff(tone("flac"), "audio/mpeg")
    assert found is not None
    assert found.format is SourceFormat.FLAC


@pytest.mark.parametrize("step", [0, 100_000])
def test_a_large_tag_in_front_is_not_kept(step: int) -> None:
    sniffer = FormatSniffer()
    data = id3_tag(3_000_000) + tone("aac")
    fed = 0
    found = None
    while found is None:
        found = sniffer.feed(data[fed : fed + (step or len(data))])
        fed += step or len(data)
        assert len(sniffer._data) <= 100_000
    assert (found.format, found.tag_bytes) == (SourceFormat.AAC, 3_000_010)
    assert found.data.startswith(tone("aac")[:16])


def test_what_is_unknown_is_handed_on_as_it_came() -> None:
    assert sniff(b"<html>" * 10) == Recognized(None, b"<html>" * 10, 0)
    found = sniff(id3_tag(100) + OPUS)
    assert found is not None
    assert found.format is None
    assert found.data.startswith(b"ID3")


def test_too_few_bytes_are_handed_on_at_the_end() -> None:
    sniffer = FormatSniffer("audio/mpeg")
    assert sniffer.feed(b"abc") is None
    assert sniffer.finish() == b"abc"

"""Messages of a WebSocket: packets become an Ogg stream, pieces of one stay what they are."""

import pytest

from audiocast.ogg.errors import BadHead, BadPacket
from audiocast.ogg.headers import OpusHead
from audiocast.stream.errors import NotOpus
from audiocast.web.public.ingest_socket import OggMessages
from tests.support.audio.capture import Capture
from tests.support.audio.numbered_audio import numbered_audio, numbered_packet

HEAD = OpusHead(channels=2, pre_skip=120)


def test_packets_become_a_page_each() -> None:
    messages = OggMessages()
    packets = [numbered_packet(number) for number in range(5)]
    stream = b"".join(map(messages.to_ogg, [HEAD.encode(), *packets]))
    capture = Capture.parse(stream)
    capture.check_one_stream()
    assert (capture.head, list(capture.packets)) == (HEAD, packets)
    assert len(capture.audio_pages) == len(packets)


def test_pieces_of_ogg_stay_what_they_are() -> None:
    messages = OggMessages()
    stream = numbered_audio(seconds=1)
    # A piece may begin like an OpusHead by chance; the first one alone decides.
    pieces = [stream[:28], stream[28:100], stream[100:]]
    assert pieces[1].startswith(b"OpusHead")
    assert [messages.to_ogg(piece) for piece in pieces] == pieces


@pytest.mark.parametrize(
    ("messages", "error"),
    [
        (["text"], NotOpus),
        ([HEAD.encode(), "text"], NotOpus),
        ([HEAD.encode() + b"!"], BadHead),
        ([HEAD.encode(), b""], BadPacket),
        ([HEAD.encode(), b"\x03\x00"], BadPacket),
    ],
)
def test_what_is_neither_is_refused(messages: list[bytes | str], error: type[Exception]) -> None:
    *good, bad = messages
    reads = OggMessages()
    for message in good:
        reads.to_ogg(message)
    with pytest.raises(error):
        reads.to_ogg(bad)

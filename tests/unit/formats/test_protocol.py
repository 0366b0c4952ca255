"""What the server and a format worker say to each other: in any pieces, and anything else is refused."""

import random

import pytest

from audiocast.formats.protocol import (
    MAX_MESSAGE_BYTES,
    BadWorkerMessage,
    Item,
    MessageKind,
    MessageReader,
    WorkerMessage,
    encode_items,
    encode_json_object,
    encode_load,
    encode_message,
    encode_open,
    parse_items,
    parse_json_object,
    parse_load,
    parse_open,
)

ITEMS = [Item(b"one", 960), Item(b"", 0), Item(bytes(300), 5760)]
PARAMETERS = {"codec": "mp3", "kbps": 128, "title": "Привет"}


def test_messages_are_read_however_they_are_cut() -> None:
    sent = [
        WorkerMessage(MessageKind.OPEN, 1, encode_open("encode", PARAMETERS)),
        WorkerMessage(MessageKind.DATA, 2**32 - 1, encode_items(ITEMS)),
        WorkerMessage(MessageKind.CLOSE, 1, b""),
    ]
    wire = b"".join(encode_message(*message) for message in sent)
    for size in (1, 2, 7, len(wire)):
        reader = MessageReader()
        got = [each for at in range(0, len(wire), size) for each in reader.read(wire[at : at + size])]
        assert got == sent
    assert parse_open(sent[0].body) == ("encode", PARAMETERS)
    assert parse_items(sent[1].body) == ITEMS


@pytest.mark.parametrize(
    "wire",
    [
        (4).to_bytes(4, "big") + bytes(5),
        (MAX_MESSAGE_BYTES + 1).to_bytes(4, "big") + bytes(5),
        (5).to_bytes(4, "big") + bytes(5),
        (5).to_bytes(4, "big") + b"\x09" + bytes(4),
    ],
)
def test_what_is_no_message_is_refused_before_its_body_comes(wire: bytes) -> None:
    with pytest.raises(BadWorkerMessage):
        MessageReader().read(wire)


def test_too_much_for_one_message_is_an_error_of_the_sender() -> None:
    with pytest.raises(BadWorkerMessage):
        encode_message(MessageKind.DATA, 1, bytes(MAX_MESSAGE_BYTES))
    with pytest.raises(BadWorkerMessage):
        encode_json_object({"title": "x" * 10_000})


@pytest.mark.parametrize(
    "body", [b"\0", encode_items(ITEMS)[:-1], b"\xff\xff\xff\xff\0\0\0\0", b"\0\0\0\0\0\0\0\x01"]
)
def test_an_item_that_is_cut_off_or_lasts_an_age_is_refused(body: bytes) -> None:
    with pytest.raises(BadWorkerMessage):
        parse_items(body)


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b'"x"', b"[" * 8000, b'{"a":"' + b"x" * 9000 + b'"}'])
def test_what_is_no_object_is_refused(text: bytes) -> None:
    with pytest.raises(BadWorkerMessage):
        parse_json_object(text)


def test_a_load_is_a_share() -> None:
    assert [parse_load(encode_load(share)) for share in (-1.0, 0.25, 7.0)] == [0.0, 0.25, 1.0]
    assert parse_load(b"\xff\xff") == 1.0
    with pytest.raises(BadWorkerMessage):
        parse_load(b"\0")


def test_ten_thousand_random_messages_raise_nothing_else() -> None:
    chance = random.Random(20)
    refused = 0
    for _ in range(10_000):
        body = chance.randbytes(chance.randrange(40))
        wire = bytearray(encode_message(chance.choice(list(MessageKind)), chance.randrange(5), body))
        if chance.random() < 0.5:
            wire[chance.randrange(len(wire))] ^= 1 << chance.randrange(8)
        try:
            for _, _, read in MessageReader().read(bytes(wire)):
                for parse in (parse_items, parse_open, parse_json_object, parse_load):
                    try:
                        parse(read)
                    except BadWorkerMessage:
                        refused += 1
        except BadWorkerMessage:
            refused += 1
    assert refused > 10_000

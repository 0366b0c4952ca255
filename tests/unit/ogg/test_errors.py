"""The error tree: one base, one stable code each."""

from audiocast.ogg import errors


def all_errors() -> list[type[errors.OggError]]:
    kinds: list[type[errors.OggError]] = [errors.OggError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return kinds


def test_codes_are_stable() -> None:
    assert {kind.__name__: kind.code for kind in all_errors()} == {
        "OggError": "bad_ogg",
        "PageError": "bad_page",
        "LostSync": "lost_sync",
        "BadVersion": "bad_page_version",
        "BadCrc": "bad_crc",
        "PageTooLarge": "page_too_large",
        "Truncated": "truncated",
        "UnknownSerial": "unknown_serial",
        "PacketError": "bad_packet",
        "PacketTooLarge": "packet_too_large",
        "BadHead": "bad_opus_head",
        "BadTags": "bad_opus_tags",
        "BadPacket": "bad_opus_packet",
    }


def test_the_tree_in_the_module_head_names_every_error() -> None:
    assert errors.__doc__ is not None
    for kind in all_errors():
        assert kind.__name__ in errors.__doc__


def test_lost_sync_keeps_sixteen_bytes_of_what_it_found() -> None:
    error = errors.LostSync(bytes(range(100)))
    assert error.found == bytes(range(16))
    assert "00 01 02" in str(error)
    assert len(str(error)) < 200

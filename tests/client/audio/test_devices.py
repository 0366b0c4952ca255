"""The list of inputs and what PortAudio's errors are called; PortAudio is played."""

import sys

import pytest

from tests.client.audio.fake_portaudio import FakePortAudio, PortAudioError
from tk_streamer.audio import devices
from tk_streamer.audio.devices import find_input, list_inputs
from tk_streamer.errors import SoundError


@pytest.fixture
def portaudio(monkeypatch: pytest.MonkeyPatch) -> FakePortAudio:
    library = FakePortAudio("Built-in Microphone", "USB Microphone", "Line")
    monkeypatch.setitem(sys.modules, "sounddevice", library)
    return library


def test_inputs_come_with_the_default_first(portaudio: FakePortAudio) -> None:
    portaudio.default.device["input"] = 2
    inputs = list_inputs()
    assert [(each.name, each.is_default) for each in inputs] == [
        ("Line", True),
        ("Built-in Microphone", False),
        ("USB Microphone", False),
    ]
    assert (inputs[0].index, inputs[0].host_api, inputs[0].sample_rate_hz) == (2, "Fake", 44_100.0)


def test_without_a_default_of_the_system_a_host_apis_is_taken(portaudio: FakePortAudio) -> None:
    portaudio.default.device["input"] = -1
    assert list_inputs()[0].name == "Built-in Microphone"


def test_a_new_input_is_seen_unless_one_is_open(portaudio: FakePortAudio) -> None:
    portaudio.plugged_in.append("Headset")
    assert "Headset" in {each.name for each in list_inputs()}
    with devices.stream_opening():
        portaudio.plugged_in.append("Another")
    try:
        assert "Another" not in {each.name for each in list_inputs()}
    finally:
        devices.stream_closed()
    assert "Another" in {each.name for each in list_inputs()}


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        (None, "Built-in Microphone"),
        (2, "Line"),
        ("Line", "Line"),
        ("usb", "USB Microphone"),
        ("USB MICROPHONE", "USB Microphone"),
    ],
)
def test_an_input_is_found_by_number_name_and_part_of_it(
    portaudio: FakePortAudio, wanted: str | int | None, name: str
) -> None:
    assert find_input(wanted).name == name


@pytest.mark.parametrize("wanted", ["microphone", "nothing", 3, 99])
def test_what_is_none_or_more_than_one_is_told(portaudio: FakePortAudio, wanted: str | int) -> None:
    with pytest.raises(SoundError, match="expected one input") as caught:
        find_input(wanted)
    assert caught.value.code == "device_not_found"


def test_none_at_all_is_told(portaudio: FakePortAudio) -> None:
    portaudio.plugged_in.clear()
    assert list_inputs() == []
    with pytest.raises(SoundError) as caught:
        find_input("USB")
    assert caught.value.code == "no_device"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("Device unavailable", -9985), "device_busy"),
        (("Unanticipated host error", -9999, (1, -16, "Device or resource busy")), "device_busy"),
        (("Invalid device", -9996), "device_not_found"),
        (("Unanticipated host error", -9999, (1, -5, "Input/output error")), "device_failed"),
        ((), "device_failed"),
    ],
)
def test_errors_have_the_names_that_people_are_told(arguments: tuple[object, ...], code: str) -> None:
    error = devices.sound_error(PortAudioError(*arguments), "USB Microphone")
    assert error.code == code
    assert str(error).startswith("USB Microphone: ")


def test_a_failed_opening_counts_for_none(portaudio: FakePortAudio) -> None:
    with pytest.raises(RuntimeError), devices.stream_opening():
        raise RuntimeError
    portaudio.plugged_in.append("Headset")
    assert "Headset" in {each.name for each in list_inputs()}

"""The real window on a desktop of its own, used with mouse and keyboard; a real server and listener.

Figures are printed (`pytest -rP`): machines are shared, so that only generous bounds are asserted.
"""

import json
import re
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path

import pytest

from tests.client.pulse import PulseServer
from tests.client.sound import decode, time_share
from tests.client.window.conftest import MICROPHONE, OTHER_MICROPHONE, SECRET
from tests.client.window.desktop import Desktop
from tests.client.window.program import Program
from tests.client.window.sound_comparison import SinkRecorder, compare, recording_of
from tests.support.audio.media import wav_file
from tests.support.http.listener import Listener
from tests.support.processes.server import AudiocastServer

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(240)]

AWAY_SECONDS = 5.0
# How soon the window has to say that the microphone is gone.
SAID_SECONDS = 2.0
# Less than 0.1 s on a machine that does nothing else; a starved one, X server and all, has been seen to lose
# a second. What would block is cut off after 10 s (a connection), and is far above it.
LONGEST_FREEZE_SECONDS = 3.0
# Where parts of the programme are compared. A starved machine loses some sound, which spoils those around it.
SPEECH_PARTS_SECONDS, MUSIC_PARTS_SECONDS = range(1, 9), range(13, 21)
PART_SECONDS = 2.0
# What PortAudio and ALSA write themselves when a device that is in use goes away.
OF_A_DEAD_DEVICE = re.compile(r"Expression '.*' failed in 'src/hostapi/alsa/|ALSA lib ")
TOKEN = "a-token-for-tests"
# The key with Q and Й on it, by its place.
KEY_Q = 24


def path_of(link: str) -> str:
    """Return the path of the stream that a link for listeners is about."""
    return f"/stream/{link.rpartition('/')[2]}?latency=low&preroll=0"


def stop(program: Program) -> None:
    """End the broadcast, as the window asks twice."""
    program.press("Stop streaming")
    program.wait_for_text("End the broadcast?")
    program.press("End it")


def loudness(program: Program) -> float:
    """Return the momentary loudness that is shown."""
    (text,) = [each for each in program.texts if "LUFS" in each]
    figure = text.removeprefix("Now ").partition(",")[0].replace("−", "-")
    return float("-inf") if "∞" in figure else float(figure)


def decoded(picture: Path) -> str:
    """Return what the QR code in a picture says."""
    command = ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", str(picture)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.strip()


def test_a_broadcast_from_the_microphone_to_a_listener(
    desktop: Desktop, pulse: PulseServer, server: AudiocastServer, programme: Path, tmp_path: Path
) -> None:
    with Program(desktop, tmp_path, "--language", "en", environment=pulse.environment) as program:
        program.wait_for_text("Off air")
        assert program.title == "■ Off air – audiocast"
        program.open_settings()
        program.enter("Address", server.base)
        program.enter("Title", "Evening")
        program.choose("Input", MICROPHONE)
        # Before anybody hears it: the level of what is said, and of nothing after it.
        speaking = pulse.play(wav_file(tmp_path, seconds=60.0, tone_hz=440.0), into=MICROPHONE)
        program.wait(lambda: loudness(program) > -30, "the level of the input")
        speaking.terminate()
        program.wait(lambda: loudness(program) < -60, "silence again")
        program.press("Start streaming")
        program.wait_for_text("ON AIR")
        assert program.title == "● ON AIR – audiocast"
        state = server.state(program.link.rpartition("/")[2])
        assert (state["live"], state["title"]) == (True, "Evening")
        picture = program.screenshot(tmp_path / "on-air.png")
        assert decoded(picture) == program.link

        with (
            SinkRecorder(f"{MICROPHONE}.monitor", pulse.environment) as recorder,
            Listener(server.port, path_of(program.link)) as listener,
        ):
            listener.wait_for_audio(0.5)
            begun_seconds = recorder.seconds
            pulse.play(programme, into=MICROPHONE)
            program.wait(lambda: recorder.seconds > begun_seconds + 24.0, "24 s of sound", 60.0)
            played, heard = recorder.recording(), recording_of(listener, tmp_path)
        speech, tune = (
            max(
                (
                    compare(played, heard, at_seconds=begun_seconds + at_seconds, seconds=PART_SECONDS)
                    for at_seconds in parts
                ),
                key=lambda each: each.correlation,
            )
            for parts in (SPEECH_PARTS_SECONDS, MUSIC_PARTS_SECONDS)
        )
        for what, each in (("speech", speech), ("music", tune)):
            print(f"{what}: correlation {each.correlation:.4f}, {each.delay_seconds * 1000:.0f} ms later")
        print(program.freezes)
        assert speech.correlation > 0.9
        assert tune.correlation > 0.9
        assert max(speech.delay_seconds, tune.delay_seconds) < 2.0
        assert program.longest_freeze_seconds < LONGEST_FREEZE_SECONDS

        stop(program)
        program.wait_for_text("Off air")
        assert program.link == ""
        assert server.state(state["stream_id"]).get("live", False) is False
    assert program.log == ""


def test_the_server_is_killed_and_comes_back(desktop: Desktop, pulse: PulseServer, tmp_path: Path) -> None:
    options = ["--language", "en"]
    with AudiocastServer(tmp_path / "before.log", SECRET_KEYS=SECRET) as server:
        port = server.port
        with Program(
            desktop, tmp_path, *options, "--server", server.base, environment=pulse.environment
        ) as program:
            program.choose("Input", MICROPHONE)
            program.press("Start streaming")
            program.wait_for_text("ON AIR")
            link = program.link
            server.stop(signal.SIGKILL)
            killed_at = time.monotonic()
            noticed_seconds = program.wait_for_text("NOT ON AIR")
            print(f"said {noticed_seconds:.2f} s after the server was killed")
            assert program.title == "↻ NOT ON AIR, reconnecting – audiocast"

            def has_been_away() -> bool:
                assert not any(text.startswith("ON AIR") for text in program.texts)
                assert program.link == link
                return time.monotonic() >= killed_at + AWAY_SECONDS

            program.wait(has_been_away, "the time to pass")
            assert any("The link stays the same." in text for text in program.texts)
            with AudiocastServer(tmp_path / "after.log", SECRET_KEYS=SECRET, PORT=port) as back:
                print(f"on air {program.wait_for_text('ON AIR'):.2f} s after the server was back")
                assert program.link == link
                with Listener(port, path_of(link)) as listener:
                    listener.wait_for_audio(1.0).check_one_stream()
                dropped = program.beside("Dropped")
                assert dropped.endswith(" s")
                assert float(dropped.removesuffix(" s")) > AWAY_SECONDS / 2
                assert back.state(link.rpartition("/")[2])["live"] is True
                print(program.freezes)
                assert program.longest_freeze_seconds < LONGEST_FREEZE_SECONDS
                stop(program)
                program.wait_for_text("Off air")
    assert program.log == ""


def test_the_window_answers_while_the_server_does_not(
    desktop: Desktop, pulse: PulseServer, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        options = ["--language", "en", "--server", f"http://127.0.0.1:{silent.getsockname()[1]}"]
        with Program(desktop, tmp_path, *options, environment=pulse.environment) as program:
            program.choose("Input", MICROPHONE)
            program.press("Start streaming")
            program.wait_for_text("Not on air yet: connecting")
            program.press("Русский")
            program.wait_for_text("Ещё не в эфире: подключаемся")
            program.wait_for_text("Сервер не ответил вовремя.", 40.0)
            program.press("Отменить")
            program.wait_for_text("Не в эфире", 40.0)
            print(program.freezes)
            assert program.longest_freeze_seconds < LONGEST_FREEZE_SECONDS
    assert program.log == ""


def test_the_microphone_is_unplugged_and_comes_back(
    desktop: Desktop, pulse: PulseServer, server: AudiocastServer, tmp_path: Path
) -> None:
    options = ["--language", "ru", "--server", server.base]
    with Program(desktop, tmp_path, *options, environment=pulse.environment) as program:
        program.choose("Вход", MICROPHONE)
        program.press("Начать эфир")
        program.wait_for_text("В ЭФИРЕ")
        with Listener(server.port, path_of(program.link)) as listener:
            pulse.unplug(MICROPHONE)
            said_seconds = program.wait_for_text("В ЭФИРЕ, НО БЕЗ ЗВУКА")
            print(f"said {said_seconds:.2f} s after the microphone was unplugged")
            assert said_seconds < SAID_SECONDS
            assert program.title == "○ В ЭФИРЕ БЕЗ ЗВУКА – audiocast"
            assert any("Подключите его: звук вернётся сам." in text for text in program.texts)
            pulse.plug_in(MICROPHONE)
            program.wait(lambda: program.title == "● В ЭФИРЕ – audiocast", "the sound back")
            pulse.play(wav_file(tmp_path, seconds=20.0, tone_hz=440.0), into=MICROPHONE)
            # Silence in between, in real time: nothing was cut out for those who listen.
            listener.wait_for_audio(6.0).check_one_stream()
            listener.wait(lambda: tone_at_the_end(listener, tmp_path) > 0.8, "the tone", 30.0)
        assert program.beside("Заполнено тишиной") != "0,0 с"
    assert [line for line in program.log.splitlines() if not OF_A_DEAD_DEVICE.match(line)] == []


def test_everyday_things_by_mouse_and_keyboard(
    desktop: Desktop, pulse: PulseServer, server: AudiocastServer, tmp_path: Path
) -> None:
    options = ["--language", "en", "--server", server.base]
    with Program(desktop, tmp_path, *options, environment=pulse.environment) as program:
        program.wait_for_text("Off air")
        program.press("Русский")
        program.wait_for_text("Не в эфире")
        program.press("English")
        program.wait_for_text("Off air")
        program.choose("Input", OTHER_MICROPHONE)
        program.open_settings()
        program.choose("Bitrate", "64 kbit/s")
        program.choose("Channels", "Mono")
        program.click(program.find("TCheckbutton", "Save a local copy"))
        (gain,) = (each for each in program.widgets if each["kind"] == "TScale")
        desktop.click(gain["x"] + gain["width"] - 5, gain["y"] + gain["height"] // 2)
        program.wait_for_text("+1.0 dB")
        program.click(program.field("Address"))
        desktop.key("Return")
        program.wait_for_text("ON AIR")
        stream_id = program.link.rpartition("/")[2]
        # Enter began it; the same key does not end it.
        desktop.key("Return")

        program.press("Copy")
        program.click(program.field("Artist"))
        desktop.key("ctrl+v")
        program.wait(lambda: program.field("Artist")["text"] == program.link, "the link pasted")
        program.enter("Artist", "Band")
        program.enter("Track", "Song")
        desktop.key("Return")
        program.wait(
            lambda: server.state(stream_id)["now_playing"] == {"title": "Song", "artist": "Band"}, "the track"
        )
        state = server.state(stream_id)
        assert (state["live"], state["channels"]) == (True, 1)

        with Listener(server.port, path_of(program.link)) as listener:
            listener.wait_for_audio(0.5)
            program.enter("Title", "Second half")
            desktop.key("Return")
            program.wait(lambda: server.state(stream_id)["title"] == "Second half", "the title")
            program.press("Mute")
            program.wait_for_text("ON AIR, MUTED")
            program.wait(lambda: server.state(stream_id)["muted"], "the mute")
            assert program.title == "◌ ON AIR, MUTED – audiocast"
            program.wait_for_text("1, at most 1")
            desktop.key("ctrl+u")
            program.wait(lambda: not server.state(stream_id)["muted"], "the sound again")
            program.wait_for_text("ON AIR")

        program.press("Stop streaming")
        program.wait_for_text("End the broadcast?")
        program.press("Stay on air")
        program.wait(lambda: "End the broadcast?" not in program.texts, "no question")
        assert server.state(stream_id)["live"] is True

        program.press("Save QR code")
        saved = tmp_path / "saved.png"
        program.wait(
            lambda: any(
                each["kind"] == "TEntry" and each["text"].endswith(".png") for each in program.widgets
            ),
            "a dialog",
        )
        desktop.key("ctrl+a")
        desktop.type(str(saved))
        desktop.key("Return")
        program.wait(lambda: saved.exists() and decoded(saved) == program.link, "the picture")

        desktop.key(f"ctrl+{KEY_Q}")
        program.wait_for_text("You are on air")
        desktop.key("Escape")
        program.wait(lambda: "You are on air" not in program.texts, "no question")
        assert server.state(stream_id)["live"] is True
        # A Russian layout: the same key gives another letter.
        desktop.layout("ru")
        desktop.key(f"ctrl+{KEY_Q}")
        program.wait_for_text("You are on air")
        program.press("Stop and close")
        assert program.wait_for_end() == 0
    assert server.state(stream_id).get("live", False) is False
    assert program.log == ""
    (copy,) = (tmp_path / "Music").glob("audiocast *.opus")
    assert len(decode(copy)[0]) > 48_000
    saved_settings = json.loads((program.settings_folder / "preferences.json").read_text())
    assert saved_settings["device_name"] == OTHER_MICROPHONE
    assert (saved_settings["bitrate_kbps"], saved_settings["channels"]) == (64, 1)
    assert saved_settings["gain_db"] == 1.0


def test_errors_are_said_with_their_remedy_and_settings_are_remembered(
    desktop: Desktop, pulse: PulseServer, tmp_path: Path
) -> None:
    with AudiocastServer(tmp_path / "server.log", SECRET_KEYS=SECRET, API_TOKENS=TOKEN) as server:
        options = ["--language", "en", "--server", server.base]
        with Program(desktop, tmp_path, *options, environment=pulse.environment) as program:
            program.choose("Input", MICROPHONE)
            program.press("Start streaming")
            program.wait_for_text("The server wants an API token.")
            assert program.title == "× Off air – audiocast"
            program.enter("Token", TOKEN)
            program.click(program.find("TCheckbutton", "Remember"))
            program.press("Start streaming")
            program.wait_for_text("ON AIR")
            stop(program)
            program.wait_for_text("Off air")
            assert any("It was on for 0:00:" in text for text in program.texts), program.texts
            program.open_settings()
            program.enter("Address", "http://127.0.0.1:9")
            program.press("Start streaming")
            program.wait_for_text("Nothing answers at the server's address. Check address and port")
            program.press("Cancel")
            program.wait_for_text("Off air")
            desktop.key("ctrl+q")
            assert program.wait_for_end() == 0
        assert program.log == ""
    assert stat.S_IMODE((program.settings_folder / "token").stat().st_mode) == 0o600
    with Program(desktop, tmp_path, environment=pulse.environment) as program:
        program.open_settings()
        assert program.field("Address")["text"] == "http://127.0.0.1:9"
        assert program.field("Token")["text"] == TOKEN
        assert program.field("Input", "TCombobox")["text"] == MICROPHONE
        pulse.unplug(MICROPHONE)


def test_the_window_follows_the_resolution_of_the_desktop(desktop: Desktop, tmp_path: Path) -> None:
    widths = []
    for dots_per_inch in (96, 120):
        desktop.set_resolution(dots_per_inch)
        with Program(desktop, tmp_path, "--language", "en") as program:
            program.wait_for_text("Off air")
            widths.append(program.find("TButton", "Start streaming")["width"])
    assert widths[1] / widths[0] == pytest.approx(120 / 96, rel=0.1)


def tone_at_the_end(listener: Listener, folder: Path) -> float:
    """Return how much of the last second that came is the tone."""
    path = folder / "tone.opus"
    path.write_bytes(listener.body)
    return time_share(decode(path)[0][-48_000:], 440.0)

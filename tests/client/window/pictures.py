"""Makes docs/broadcaster*.png: the window in both states and languages, with speech in its microphone.

python -m tests.client.window.pictures FOLDER
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.client.pulse import PulseServer
from tests.client.window.desktop import Desktop
from tests.client.window.program import Program
from tests.support.processes.server import AudiocastServer

MICROPHONE = "studio_mic"
TEXT = (
    "Good evening, and welcome to the evening show. Tonight we play quiet music and read your letters. " * 6
)
TRACK = "Erik Satie", "Gymnopédie No. 1"
WORDS = {
    "en": ("Evening show", "Start streaming", "ON AIR", "Artist", "Track", "Show to listeners"),
    "ru": ("Вечерний эфир", "Начать эфир", "В ЭФИРЕ", "Исполнитель", "Трек", "Показать слушателям"),
}


def make(folder: Path) -> None:
    """Write four pictures."""
    with (
        tempfile.TemporaryDirectory(prefix="pictures-") as scratch,
        Desktop(Path(scratch)) as desktop,
        PulseServer(Path(scratch), MICROPHONE) as pulse,
        AudiocastServer(Path(scratch, "server.log")) as server,
    ):
        speech = Path(scratch, "speech.wav")
        subprocess.run(["espeak-ng", "-a", "60", "-w", speech, TEXT], check=True, timeout=60)
        for language, (show, start, on_air, artist, track, send) in WORDS.items():
            ending = "" if language == "en" else f"-{language}"
            folder_of_run = Path(scratch, language)
            (folder_of_run / "settings").mkdir(parents=True)
            preferences = json.dumps({"title": show, "device_name": MICROPHONE})
            (folder_of_run / "settings" / "preferences.json").write_text(preferences)
            options = ["--language", language, "--server", server.base]
            with Program(desktop, folder_of_run, *options, environment=pulse.environment) as program:
                pulse.play(speech, into=MICROPHONE)
                program.wait(
                    lambda: any("LUFS" in each and "∞" not in each for each in program.texts), "sound"
                )
                program.screenshot(folder / f"broadcaster-setup{ending}.png")
                program.press(start)
                program.wait_for_text(on_air)
                for label, text in zip((artist, track), TRACK, strict=True):
                    program.enter(label, text)
                program.press(send)
                program.wait(
                    lambda: any("LUFS" in each and "∞" not in each for each in program.texts), "sound"
                )
                program.screenshot(folder / f"broadcaster{ending}.png")


if __name__ == "__main__":
    make(Path(sys.argv[1]))

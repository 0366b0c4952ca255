"""The command line of the window, where there can be no window: plain words, no traceback."""

import subprocess
import sys
from pathlib import Path

from tests.client.window.interpreter import python_with_tk

WITHOUT_TK = (
    "import sys; sys.modules['tkinter'] = None; from tk_streamer.window.app import main; sys.exit(main([]))"
)


def run(python: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": "/usr/bin:/bin", **environment},
    )


def test_help_needs_no_display() -> None:
    done = run(sys.executable, "-m", "tk_streamer.window.app", "--help")
    assert done.returncode == 0
    assert "audiocast-tk" in done.stdout
    assert (
        "Exit codes: 0 the window was closed, 1 there can be no window, 2 wrong usage."
        in done.stdout.replace("\n", " ")
    )


def test_without_a_display_it_says_so_in_one_line() -> None:
    python, environment = python_with_tk()
    done = run(python, "-m", "tk_streamer.window.app", **environment)
    assert done.returncode == 1
    assert "There is no display" in done.stderr
    assert "audiocast-stream" in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_tk_it_says_what_to_install() -> None:
    done = run(sys.executable, "-c", WITHOUT_TK)
    assert done.returncode == 1
    assert "sudo apt install python3-tk" in done.stderr
    assert done.stderr.count("\n") == 1


def test_help_needs_no_tk() -> None:
    done = run(sys.executable, "-c", WITHOUT_TK.replace("[]", "['--help']"))
    assert done.returncode == 0, done.stderr


def test_a_wrong_scale_is_wrong_usage(tmp_path: Path) -> None:
    done = run(sys.executable, "-m", "tk_streamer.window.app", "--scale", "9")
    assert done.returncode == 2
    assert "expected 0.5 to 4, got 9" in done.stderr

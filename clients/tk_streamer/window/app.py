"""`audiocast-tk`: parses the command line and opens the window. Only this module makes the root window.

tkinter is imported where it is needed, so that `--help` and the message about what is missing work without
it.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import platformdirs

from tk_streamer.window.broadcast import Broadcast
from tk_streamer.window.job_thread import JobThread
from tk_streamer.window.preferences import Preferences, PreferenceStore
from tk_streamer.window.words import Language

if TYPE_CHECKING:
    import tkinter

EXIT_NO_WINDOW = 1
# The sizes of the icon; Tk picks those that fit the title bar, the task bar and the switcher.
ICON_SIDES_PX = (256, 128, 64, 48, 32, 16)
# The class of the window (WM_CLASS), by which a desktop finds audiocast.desktop.
WINDOW_CLASS = "Audiocast"
# How long jobs may go on after the window is closed.
JOBS_END_SECONDS = 5.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the window and wait until it is closed; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        import tkinter
    except ImportError as error:
        return _report_no_window(
            f"Python's Tk is missing ({error}). On Debian: sudo apt install python3-tk; with Homebrew: "
            "brew install python-tk"
        )
    from tk_streamer.window.theme import enable_dpi_awareness, system_scale

    enable_dpi_awareness()
    try:
        scale = options.scale or system_scale()
        root = tkinter.Tk(className=WINDOW_CLASS)
    except tkinter.TclError as error:
        return _report_no_window(
            f"There is no display ({error}). Start it on a desktop, or use audiocast-stream, which needs none"
        )
    return _run(tkinter, root, scale, options)


def _run(tk: ModuleType, root: "tkinter.Tk", scale: float | None, options: argparse.Namespace) -> int:
    from tk_streamer.window.main_window import MainWindow
    from tk_streamer.window.theme import apply_theme

    root.withdraw()
    icons = [tk.PhotoImage(master=root, data=_icon(side_px)) for side_px in ICON_SIDES_PX]
    root.iconphoto(True, *icons)
    theme = apply_theme(root, scale)
    store = PreferenceStore(options.settings_folder or Path(platformdirs.user_config_dir("audiocast", False)))
    preferences = _preferences(store.load(), options)
    token = store.load_token() if preferences.remembers_token else ""
    jobs = JobThread()
    window = MainWindow(root, theme, store, preferences, token, jobs, Broadcast(JobThread()))
    # Python runs a signal handler between two callbacks of Tk; the window's polling makes sure that there are
    # some.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: window.quit())
    root.update_idletasks()
    root.minsize(root.winfo_reqwidth(), root.winfo_reqheight())
    root.deiconify()
    root.mainloop()
    # The job that saves the preferences may still run.
    jobs.close(JOBS_END_SECONDS)
    return 0


def _preferences(saved: Preferences, options: argparse.Namespace) -> Preferences:
    """Return the saved preferences with those of the command line, and with a folder for copies."""
    preferences = replace(saved, copy_folder=saved.copy_folder or platformdirs.user_music_dir())
    if options.server:
        preferences = replace(preferences, server_url=options.server)
    if options.language:
        preferences = replace(preferences, language=options.language)
    return preferences


def _icon(side_px: int) -> bytes:
    return files("tk_streamer.window").joinpath("icons", f"audiocast-{side_px}.png").read_bytes()


def _report_no_window(reason: str) -> int:
    print(f"audiocast-tk: {reason}.", file=sys.stderr)
    return EXIT_NO_WINDOW


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="audiocast-tk",
        description="Broadcast a microphone or line input to an audiocast server, from a window.",
        epilog="Exit codes: 0 the window was closed, 1 there can be no window, 2 wrong usage.",
    )
    parser.add_argument("--server", metavar="URL", help="address of the server, instead of the last one")
    parser.add_argument("--language", choices=[*Language], help="instead of the last one, or the system's")
    parser.add_argument(
        "--scale", type=_scale, metavar="FACTOR", help="size of everything, 0.5 to 4; 1 is usual"
    )
    parser.add_argument("--settings-folder", type=Path, metavar="DIR", help="where settings are remembered")
    return parser


def _scale(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.5 <= value <= 4:
        raise argparse.ArgumentTypeError(f"expected 0.5 to 4, got {text}")
    return value


if __name__ == "__main__":
    sys.exit(main())

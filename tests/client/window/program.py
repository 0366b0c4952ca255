"""The window's program in a process of its own, seen and used as a person does: looking, clicking, typing."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.client.window.desktop import Desktop
from tests.client.window.interpreter import python_with_tk

START_SECONDS = 40.0
STOP_SECONDS = 45.0
WAIT_SECONDS = 20.0

_PROBE = Path(__file__).with_name("window_probe.py")

Widget = dict[str, Any]


class Program:
    """Runs while the `with` block does.

    Args:
        desktop: Where its window is.
        folder: For its settings, report and log.
        options: Of audiocast-tk.
        environment: Variables beside its others.
    """

    def __init__(
        self, desktop: Desktop, folder: Path, *options: str, environment: Mapping[str, str] | None = None
    ) -> None:
        self._desktop = desktop
        self._report, self._log = folder / "report.json", folder / "program.log"
        self.settings_folder = folder / "settings"
        self._options = ["--settings-folder", str(self.settings_folder), *options]
        self._environment = dict(environment or {})
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        python, paths = python_with_tk()
        self._report.unlink(missing_ok=True)
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(self._folder), "LC_ALL": "C.UTF-8"}
        environment |= {**paths, **self._desktop.environment, **self._environment}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [python, "-W", "error::ResourceWarning", str(_PROBE), str(self._report), *self._options],
                env=environment,
                stdout=log,
                stderr=log,
            )
        self.wait(lambda: self._report.exists() and bool(self.texts), "a window", START_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self.wait_for_end()
        finally:
            self._process.kill()
            self._process.wait()

    @property
    def log(self) -> str:
        """What it has written to its standard outputs; with nothing wrong, nothing."""
        return self._log.read_text()

    @property
    def title(self) -> str:
        """Of the window."""
        return str(self._seen()["title"])

    @property
    def widgets(self) -> list[Widget]:
        """Everything that can be seen, as `window_probe` describes it."""
        widgets: list[Widget] = self._seen()["widgets"]
        return widgets

    @property
    def texts(self) -> list[str]:
        """Everything that is written in the window."""
        return [widget["text"] for widget in self.widgets if "text" in widget]

    @property
    def longest_freeze_seconds(self) -> float:
        """How late a timer of Tk has been at most, since the window was shown."""
        return float(self._seen()["longest_freeze_seconds"])

    @property
    def freezes(self) -> str:
        """The longest freeze, and all that were worth a note, for people to read."""
        seen = self._seen()
        listed = ", ".join(
            f"{seconds * 1000:.0f} ms at {at_seconds:.1f} s" for at_seconds, seconds in seen["freezes"]
        )
        return (
            f"longest freeze {seen['longest_freeze_seconds'] * 1000:.0f} ms; {listed or 'none worth a note'}"
        )

    @property
    def link(self) -> str:
        """The link for listeners that is shown; "" for none."""
        links = [text for text in self.texts if "/listen/" in text]
        return links[0] if links else ""

    def wait_for_end(self, seconds: float = STOP_SECONDS) -> int:
        """Wait until it has ended by itself; give the exit code."""
        assert self._process is not None
        return int(self._process.wait(seconds))

    def wait(self, condition: Callable[[], bool], what: str, seconds: float = WAIT_SECONDS) -> float:
        """Wait until something is true; give how many seconds that took."""
        started = time.monotonic()
        while not condition():
            assert self._process is not None
            assert self._process.poll() is None, f"the program ended:\n{self.log[-3000:]}"
            if time.monotonic() - started >= seconds:
                seen = self.texts if self._report.exists() else []
                raise AssertionError(f"not in {seconds} s: {what}; seen: {seen}\n{self.log[-3000:]}")
            time.sleep(0.02)
        return time.monotonic() - started

    def wait_for_text(self, start: str, seconds: float = WAIT_SECONDS) -> float:
        """Wait until something that begins so is written in the window; give how many seconds that took."""
        return self.wait(lambda: any(text.startswith(start) for text in self.texts), start, seconds)

    def find(self, kind: str, text: str) -> Widget:
        """Return the widget of a kind whose text begins so."""
        found = [each for each in self.widgets if each["kind"] == kind and each["text"].startswith(text)]
        assert len(found) == 1, f"expected one {kind} {text!r}, got {found}; seen: {self.texts}"
        return found[0]

    def field(self, label: str, kind: str = "TEntry") -> Widget:
        """Return the field that belongs to a label: right of it, or under it."""
        words = self.find("TLabel", label)

        def distance(field: Widget) -> int:
            return int(abs(field["x"] - words["x"]) + 4 * abs(_middle(field)[1] - _middle(words)[1]))

        return min((each for each in self.widgets if each["kind"] == kind), key=distance)

    def beside(self, label: str) -> str:
        """Return the value that is written in one line with a label, right of it."""
        words = self.find("TLabel", label)
        values = [
            each
            for each in self.widgets
            if each["kind"] == "TLabel" and each["y"] == words["y"] and each["x"] > words["x"]
        ]
        return str(min(values, key=lambda value: value["x"])["text"])

    def press(self, text: str) -> None:
        """Click the button with this text, as soon as it can be clicked."""
        self.wait(lambda: self.find("TButton", text)["enabled"], f"the button {text} enabled")
        self.click(self.find("TButton", text))

    def open_settings(self) -> None:
        """Show server, token and encoding, unless they are shown."""
        if "Settings ▾" not in self.texts:
            self.press("Settings")
        self.wait_for_text("Settings ▾")
        self.wait(lambda: "Address" in self.texts, "the settings")

    def click(self, widget: Widget) -> None:
        """Click into the middle of a widget."""
        self._desktop.click(*_middle(widget))

    def enter(self, label: str, text: str) -> None:
        """Put a text into the field of a label, in place of what is there."""
        self.wait_for_text(label)
        self.click(self.field(label))
        self._desktop.key("ctrl+a")
        self._desktop.type(text)
        self.wait(lambda: self.field(label)["text"] == text, f"{label} to be {text!r}")

    def choose(self, label: str, text: str) -> None:
        """Open the list of a label with the mouse and click the entry with this text."""
        self.wait_for_text(label)
        self.wait(lambda: text in self.field(label, "TCombobox")["values"], f"{text} among {label}")
        self.click(self.field(label, "TCombobox"))
        self.wait(lambda: bool(self._lists()), f"the list of {label}")
        entries = self._lists()[0]
        heights = {item["text"]: item["y"] for item in entries["items"]}
        assert text in heights, f"expected {text!r} in the list, got {list(heights)}"
        self._desktop.click(entries["x"] + entries["width"] // 2, entries["y"] + heights[text])
        self.wait(lambda: self.field(label, "TCombobox")["text"] == text, f"{label} to be {text!r}")

    def screenshot(self, path: Path) -> Path:
        """Write what the window looks like, without the frame around it."""
        window = self.widgets[0]
        # The menu is a window of Tk's beside the others; it lies between the frame and the content.
        menus = [each for each in self.widgets if each["kind"] == "Menu" and each["y"] < window["y"]]
        top = min((each["y"] for each in menus), default=window["y"])
        x, bottom = max(0, window["x"]), min(self._desktop.height, window["y"] + window["height"])
        width, height = min(window["width"], self._desktop.width - x), bottom - top
        return self._desktop.screenshot(path, x, top, width, height)

    def _lists(self) -> list[Widget]:
        return [each for each in self.widgets if each["kind"] == "Listbox" and each["items"]]

    def _seen(self) -> dict[str, Any]:
        seen: dict[str, Any] = json.loads(self._report.read_text())
        return seen


def _middle(widget: Widget) -> tuple[int, int]:
    return widget["x"] + widget["width"] // 2, widget["y"] + widget["height"] // 2

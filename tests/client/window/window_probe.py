"""Runs the real program and reports what its window shows, where, and how long the window froze.

`program` runs this script with the interpreter that has Tk. The probe changes nothing in the window: when the
main loop starts, it adds one timer that measures freezes and one that writes the report.

    window_probe.py REPORT [option of audiocast-tk ...]
"""

import json
import os
import sys
import threading
import time
import tkinter
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from tk_streamer.window import app

BEAT_MS = 10
REPORT_MS = 150
_SIZES = tuple((word, word) for word in ("width", "height", "reqwidth", "reqheight"))
# Freezes longer than this are listed, each with its time since the window was shown.
NOTED_SECONDS = 0.04


class WindowProbe:
    """Writes reports of the window, each as a whole: a reader never sees half of one."""

    def __init__(self, root: tkinter.Tk, report: Path) -> None:
        self._root, self._report = root, report
        self._beat_at = time.monotonic()
        self._started = self._beat_at
        self._beats = 0
        self._freezes: list[tuple[float, float]] = []
        self._longest_freeze_seconds = 0.0
        self._reports: SimpleQueue[dict[str, Any]] = SimpleQueue()
        # A thread writes, because a disk can take tenths of a second, which would count as a freeze of the
        # window.
        threading.Thread(target=self._write, daemon=True).start()
        root.after(BEAT_MS, self._beat)
        root.after(REPORT_MS, self._report_window)

    def _beat(self) -> None:
        now = time.monotonic()
        late_seconds = now - self._beat_at - BEAT_MS / 1000
        self._longest_freeze_seconds = max(self._longest_freeze_seconds, late_seconds)
        if late_seconds > NOTED_SECONDS:
            self._freezes.append((round(now - self._started, 3), round(late_seconds, 3)))
        self._beat_at = now
        self._beats += 1
        self._root.after(BEAT_MS, self._beat)

    def _report_window(self) -> None:
        report = {
            "title": self._root.title(),
            "beats": self._beats,
            "longest_freeze_seconds": self._longest_freeze_seconds,
            "freezes": self._freezes,
            "widgets": self._widgets("."),
        }
        self._reports.put(report)
        self._root.after(REPORT_MS, self._report_window)

    def _write(self) -> None:
        unfinished = self._report.with_suffix(".unfinished")
        while True:
            unfinished.write_text(json.dumps(self._reports.get()))
            os.replace(unfinished, self._report)

    def _call(self, *words: object) -> Any:
        return self._root.tk.call(*words)

    def _widgets(self, path: str) -> list[dict[str, Any]]:
        """Return the visible widgets from `path` down, from Tcl: a Combobox's list is no Python object."""
        seen = []
        if self._call("winfo", "viewable", path):
            seen.append(self._widget(path))
        for child in self._root.tk.splitlist(self._call("winfo", "children", path)):
            seen += self._widgets(str(child))
        return seen

    def _widget(self, path: str) -> dict[str, Any]:
        kind = str(self._call("winfo", "class", path))
        widget: dict[str, Any] = {"kind": kind, "path": path}
        for name, word in (("x", "rootx"), ("y", "rooty"), *_SIZES):
            widget[name] = int(self._call("winfo", word, path))
        if kind in ("Label", "TLabel", "TButton", "TCheckbutton"):
            widget["text"] = str(self._call(path, "cget", "-text"))
        if kind in ("TEntry", "TCombobox"):
            widget["text"] = str(self._call(path, "get"))
        if kind == "TCombobox":
            widget["values"] = [
                str(value) for value in self._root.tk.splitlist(self._call(path, "cget", "-values"))
            ]
        if kind in ("TEntry", "TCombobox", "TButton", "TCheckbutton"):
            widget["enabled"] = bool(self._call(path, "instate", "!disabled"))
        if kind == "Label":
            widget["background"] = str(self._call(path, "cget", "-background"))
        if kind == "Listbox":
            widget["items"] = self._items(path)
        return widget

    def _items(self, path: str) -> list[dict[str, Any]]:
        items = []
        for index, text in enumerate(self._root.tk.splitlist(self._call(path, "get", "0", "end"))):
            box = self._root.tk.splitlist(self._call(path, "bbox", index))
            if box:
                items.append({"text": str(text), "y": int(box[1]) + int(box[3]) // 2})
        return items


def main() -> int:
    report = Path(sys.argv[1])
    mainloop = tkinter.Tk.mainloop

    def probed_mainloop(root: tkinter.Tk, n: int = 0) -> None:
        WindowProbe(root, report)
        mainloop(root, n)

    tkinter.Tk.mainloop = probed_mainloop  # type: ignore[method-assign, assignment]
    return app.main(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())

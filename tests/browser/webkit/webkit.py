"""A real WebKit, the GTK port of Safari's engine, driven over WebDriver (https://www.w3.org/TR/webdriver2/).

It runs in a window of its own on a desktop that nobody sees. Its sound sessions, which decide what goes on
behind a phone's locked screen, are not Safari's: those are Apple's own code.
"""

import json
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from tests.programs.desktop import Desktop
from tests.programs.program import Program
from tests.support.network.ports import free_port
from tests.support.processes.paused import asleep

START_SECONDS = 60.0
COMMAND_SECONDS = 60.0
# Part of Debian's package of the engine, for which the driver makes the commands.
BROWSER_PATTERN = "*-linux-gnu/webkit2gtk-4.1/MiniBrowser"
# Of a person who wants no animations: without a graphics card the processor would draw all their pictures.
STILL = "[Settings]\ngtk-enable-animations=false\n"
# WebDriver's name for a reference to an element (section 12).
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class WebKit:
    """Runs while the `with` block does, with one window, which is a `Tab` (tests/browser/live_page.py).

    Args:
        desktop: Whose screen, microphone and loudspeaker it uses.
        folder: For its log.
    """

    def __init__(self, desktop: Desktop, folder: Path) -> None:
        port = free_port()
        self._url = f"http://127.0.0.1:{port}"
        command = f"exec WebKitWebDriver --port={port}"
        # The desktop's microphone, which is made inside PulseAudio, else gives two seconds at a time.
        env = {**desktop.environment, "PULSE_LATENCY_MSEC": "20"}
        self._program = Program(command, log=folder / "webkit.log", folder=folder, env=env)
        self._session = ""

    def __enter__(self) -> Self:
        self._program.__enter__()
        self._program.wait_for(self._answers, "the driver", START_SECONDS)
        (browser,) = Path("/usr/lib").glob(BROWSER_PATTERN)
        options = {"binary": str(browser), "args": ["--automation"]}
        wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        self._session = f"/session/{self._command('/session', wanted)['sessionId']}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._program.stop()

    def go_to(self, url: str) -> None:
        """Open a URL and wait until it is loaded."""
        self._command(f"{self._session}/url", {"url": url})

    def reload(self) -> None:
        """Load the page again; a question before it is answered with yes."""
        self._command(f"{self._session}/refresh", {})

    def run(self, script: str) -> None:
        """Run JavaScript statements in the page."""
        self._command(f"{self._session}/execute/sync", {"script": script, "args": []})

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression, or of its promise, by way of JSON."""
        script = f"""const done = arguments[arguments.length - 1];
            Promise.resolve({expression}).then((value) => JSON.stringify(value ?? null)).then(done);"""
        said = self._command(f"{self._session}/execute/async", {"script": script, "args": []})
        return json.loads(said)

    def wait_for(self, expression: str, seconds: float = 20.0) -> None:
        """Wait until an expression is true."""
        deadline = time.monotonic() + seconds
        while not self.evaluate(f"Boolean({expression})"):
            assert time.monotonic() < deadline, f"not in {seconds} s: {expression}"
            time.sleep(0.1)

    def click(self, selector: str) -> None:
        """Click the middle of an element with the mouse, as a person would: only then a page may play."""
        found = self._command(f"{self._session}/element", {"using": "css selector", "value": selector})
        self._command(f"{self._session}/element/{found[ELEMENT]}/click", {})

    def clicked(self, expression: str) -> None:
        """Evaluate an expression in a click on a button of the test's own."""
        self.run(f"""const button = document.createElement("button");
            button.id = "of-the-test";
            button.textContent = "Go";
            button.onclick = () => {{ {expression}; }};
            document.body.prepend(button);""")
        self.click("#of-the-test")

    def asleep(self) -> AbstractContextManager[None]:
        """Stop the page's process, and with it its audio, while the `with` block runs."""
        return asleep([pid for pid in self._program.processes() if _is_of_pages(pid)])

    def _answers(self) -> bool:
        try:
            return bool(requests.get(f"{self._url}/status", timeout=COMMAND_SECONDS).ok)
        except requests.ConnectionError:
            return False

    def _command(self, path: str, body: dict[str, Any]) -> Any:
        answer = requests.post(self._url + path, json=body, timeout=COMMAND_SECONDS)
        value = answer.json()["value"]
        assert answer.ok, f"{path}: {value}\n{self._program.output[-1000:]}"
        return value


@contextmanager
def webkit(folder: Path, *, microphone_hz: int) -> Iterator[WebKit]:
    """Run it on a desktop of its own, whose microphone hears a tone."""
    with Desktop(tone_hz=microphone_hz) as desktop:
        settings = desktop.home / ".config" / "gtk-3.0" / "settings.ini"
        settings.parent.mkdir(parents=True)
        settings.write_text(STILL)
        with WebKit(desktop, folder) as browser:
            yield browser


def _is_of_pages(pid: int) -> bool:
    return b"WebKitWebProcess" in Path(f"/proc/{pid}/cmdline").read_bytes()

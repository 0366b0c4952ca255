"""A real Firefox without a window, driven over WebDriver BiDi.

Playwright drives builds of its own only. BiDi is the W3C's protocol, and Firefox speaks it: commands are
JSON over one WebSocket (https://www.w3.org/TR/webdriver-bidi/). It needs a sound card: without one its
`<audio>` fires "error", and Web Audio stands still. It can reach the loopback address only.
"""

import asyncio
import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests.programs.program import Program
from tests.support.processes.paused import asleep

START_SECONDS = 60.0
COMMAND_SECONDS = 30.0

LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")

PREFERENCES: dict[str, bool | int | str] = {
    # Whatever it would ask the world for (updates, portals, settings) ends at a port where nobody is.
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.trr.mode": 5,
    # Tests of the autoplay rules click; the others just play.
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
}


class Page:
    """One window of Firefox.

    Args:
        firefox: The browser.
        context: BiDi's name for the window.
    """

    def __init__(self, firefox: "Firefox", context: str) -> None:
        self._firefox = firefox
        self._context = context

    def go_to(self, url: str) -> None:
        """Open a URL and wait until it is loaded."""
        self._firefox.command("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def reload(self) -> None:
        """Load the page again and wait until it is there; a question before it is answered with yes."""
        self._firefox.command("browsingContext.reload", context=self._context, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression, or of its promise, by way of JSON."""
        answer = self._firefox.command(
            "script.evaluate",
            expression=f"Promise.resolve({expression}).then((value) => JSON.stringify(value ?? null))",
            target={"context": self._context},
            awaitPromise=True,
        )
        assert answer["type"] == "success", answer["exceptionDetails"]["text"]
        return json.loads(answer["result"]["value"])

    def wait_for(self, expression: str, seconds: float = 20.0) -> None:
        """Wait until an expression is true."""
        deadline = time.monotonic() + seconds
        while not self.evaluate(f"Boolean({expression})"):
            assert time.monotonic() < deadline, f"not in {seconds} s: {expression}"
            time.sleep(0.1)

    def click(self, selector: str) -> None:
        """Click the middle of an element with the mouse, as a person would."""
        middle = f"""(() => {{
            const box = document.querySelector({json.dumps(selector)}).getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2].map(Math.round);
        }})()"""
        x, y = self.evaluate(middle)
        mouse = [
            {"type": "pointerMove", "x": x, "y": y},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        pointer = {"type": "pointer", "id": "mouse", "actions": mouse}
        self._firefox.command("input.performActions", context=self._context, actions=[pointer])

    def asleep(self) -> AbstractContextManager[None]:
        """Stop the processes of all pages, and with them their audio, while the `with` block runs."""
        return asleep(self._firefox.page_processes())

    def close(self) -> None:
        """Close the window."""
        self._firefox.command("browsingContext.close", context=self._context)


class Firefox:
    """Runs while the `with` block does.

    Args:
        folder: For its profile and its log.
        env: Variables beside its others.
        preferences: Beside `PREFERENCES`.
        trusts_any_certificate: Also those that nobody has signed.
    """

    def __init__(
        self,
        folder: Path,
        *,
        env: Mapping[str, str] | None = None,
        preferences: Mapping[str, bool | int | str] | None = None,
        trusts_any_certificate: bool = False,
    ) -> None:
        self._capabilities = {"alwaysMatch": {"acceptInsecureCerts": True}} if trusts_any_certificate else {}
        self._preferences = {**PREFERENCES, **(preferences or {})}
        self._profile = folder / "profile"
        home = {
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "MOZ_CRASHREPORTER_DISABLE": "1",
            **(env or {}),
        }
        command = (
            f"exec firefox-esr --headless --no-remote --profile {self._profile} --remote-debugging-port 0"
        )
        self._program = Program(command, log=folder / "firefox.log", folder=folder, env=home)
        self._runner = asyncio.Runner()
        self._connection: WebSocketClientConnection | None = None
        self._ids = count(1)

    def __enter__(self) -> Self:
        self._profile.mkdir()
        lines = (
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
            for name, value in self._preferences.items()
        )
        (self._profile / "user.js").write_text("".join(lines))
        self._program.__enter__()
        self._program.wait_for(lambda: bool(self._address()), "its BiDi address", START_SECONDS)
        self._connection = self._runner.run(_connect(f"{self._address()}/session"))
        self.command("session.new", capabilities=self._capabilities)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._program.stop()
        if self._connection is not None:
            self._connection.close()
        self._runner.close()

    def open(self, url: str) -> Page:
        """Open a URL in a window of its own."""
        page = Page(self, self.command("browsingContext.create", type="window")["context"])
        page.go_to(url)
        return page

    @contextmanager
    def preloaded(self, script: str) -> Iterator[None]:
        """Run JavaScript statements in each page before its own scripts, while the `with` block runs."""
        declaration = f"() => {{ {script} }}"
        added = self.command("script.addPreloadScript", functionDeclaration=declaration)["script"]
        yield
        self.command("script.removePreloadScript", script=added)

    def page_processes(self) -> list[int]:
        """Return the processes that have pages in them."""
        return [pid for pid in self._program.processes() if _is_of_pages(pid)]

    def command(self, method: str, **parameters: Any) -> Any:
        """Return the result of one BiDi command.

        Args:
            method: Name of the command.
            parameters: By its names.
        """
        return self._runner.run(asyncio.wait_for(self._exchange(method, parameters), COMMAND_SECONDS))

    def _address(self) -> str:
        found = LISTENING.search(self._program.output)
        return found[1] if found else ""

    async def _exchange(self, method: str, parameters: dict[str, Any]) -> Any:
        assert self._connection is not None
        number = next(self._ids)
        await self._connection.write_message(
            json.dumps({"id": number, "method": method, "params": parameters})
        )
        while (message := await self._connection.read_message()) is not None:
            answer = json.loads(message)
            if answer.get("id") == number:
                assert answer["type"] == "success", f"{method}: {answer['error']}: {answer['message'][:300]}"
                return answer["result"]
        raise AssertionError(f"{method}: Firefox has gone:\n{self._program.output[-2000:]}")


def _is_of_pages(pid: int) -> bool:
    command = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0 ")
    return b"-contentproc" in command and command.endswith(b"tab")


async def _connect(url: str) -> WebSocketClientConnection:
    return await websocket_connect(url)

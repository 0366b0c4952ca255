"""A watched file: what is new is used, what is wrong is said once, and what was read before holds."""

import asyncio

import pytest

from audiocast.telemetry.watched_file import WatchedFile

TURNS = 1_000


class Number(WatchedFile[int]):
    """A file with a number, which the test writes.

    Attributes:
        text: Of the file.
        used: What was used, in order.
        said: The errors that were logged.
    """

    def __init__(self) -> None:
        super().__init__()
        self.text = "1"
        self.used: list[int] = []
        self.said: list[str] = []

    def _read_new(self) -> int | None:
        if not self.text:
            raise OSError("no file")
        number = int(self.text)
        return number if number not in self.used[-1:] else None

    def _use(self, content: int) -> None:
        self.used.append(content)

    def _log_refusal(self, error: str) -> None:
        self.said.append(error)


async def look(number: Number, *texts: str) -> None:
    for number.text in texts:
        await number.look()


async def test_what_is_new_is_used_once() -> None:
    number = Number()
    await look(number, "1", "1", "2", "2", "1")
    assert (number.used, number.said, number.is_refused) == ([1, 2, 1], [], False)


async def test_each_error_is_said_once_and_what_was_read_before_holds() -> None:
    number = Number()
    await look(number, "1", "", "", "x", "x", "")
    assert (number.used, number.is_refused) == ([1], True)
    assert [error.partition(":")[0] for error in number.said] == [
        "no file",
        "invalid literal for int() with base 10",
        "no file",
    ]
    await look(number, "1")
    assert (number.used, number.is_refused) == ([1], False)
    await look(number, "")
    assert len(number.said) == 4, "it was good in between"


async def test_it_is_looked_at_again_and_again_until_that_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Number, "look_seconds", 0)
    number = Number()
    number.watch()
    for text in ("1", "2"):
        number.text = text
        for _ in range(TURNS):
            if number.used[-1:] == [int(text)]:
                break
            await asyncio.sleep(0.001)
    number.stop()
    await asyncio.sleep(0)
    number.text = "3"
    await asyncio.sleep(0.01)
    assert number.used == [1, 2]

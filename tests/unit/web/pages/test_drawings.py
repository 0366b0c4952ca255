"""Pictures: each is drawn once, few wait, and nothing else waits for them."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from audiocast.web.http.errors import ApiError
from audiocast.web.pages.drawings import Drawings
from audiocast.web.pages.qr import MAX_LINK_BYTES, draw_png, draw_svg

LONGEST_LINK = "https://" + "a" * 255 + "/listen/" + "b" * 64


class Brush:
    """Draws when it is let to, and notes what it has drawn and in which thread."""

    def __init__(self) -> None:
        self.may_draw = threading.Event()
        self.drawn: list[str] = []
        self.threads: set[str] = set()

    def draw(self, what: str) -> bytes:
        assert self.may_draw.wait(10)
        self.drawn.append(what)
        self.threads.add(threading.current_thread().name)
        if what == "impossible":
            raise ValueError("expected something that can be drawn")
        return what.encode()


def test_what_many_ask_for_is_drawn_once() -> None:
    async def ask(brush: Brush) -> list[bytes]:
        drawings = Drawings(max_waiting=2)
        asked = [asyncio.ensure_future(drawings.draw(brush.draw, "a")) for _ in range(50)]
        await asyncio.sleep(0)
        brush.may_draw.set()
        return [*await asyncio.gather(*asked), await drawings.draw(brush.draw, "a")]

    brush = Brush()
    assert asyncio.run(ask(brush)) == [b"a"] * 51
    assert brush.drawn == ["a"]


def test_too_many_at_once_are_refused_and_what_is_kept_is_not() -> None:
    async def ask(brush: Brush) -> None:
        drawings = Drawings(max_waiting=3)
        brush.may_draw.set()
        await drawings.draw(brush.draw, "kept")
        brush.may_draw.clear()
        waiting = [asyncio.ensure_future(drawings.draw(brush.draw, str(number))) for number in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(ApiError) as refused:
            await drawings.draw(brush.draw, "one more")
        assert (refused.value.status, refused.value.code) == (503, "drawing_busy")
        assert "Retry-After" in refused.value.headers
        assert await drawings.draw(brush.draw, "kept") == b"kept"
        # The loop's own threads are free: name look-ups need them.
        assert await asyncio.wait_for(asyncio.to_thread(lambda: "looked up"), 5) == "looked up"
        brush.may_draw.set()
        assert await asyncio.gather(*waiting) == [b"0", b"1", b"2"]
        assert await drawings.draw(brush.draw, "one more") == b"one more"
        assert len(brush.threads) == 1

    asyncio.run(ask(Brush()))


def test_so_many_are_kept_and_those_that_nobody_asks_for_go_first() -> None:
    async def ask(brush: Brush) -> None:
        brush.may_draw.set()
        drawings = Drawings(max_kept=2)
        for what in "abacb":
            await drawings.draw(brush.draw, what)
        assert brush.drawn == ["a", "b", "c", "b"]

    asyncio.run(ask(Brush()))


def test_an_error_is_not_kept_and_takes_no_place() -> None:
    async def ask(brush: Brush) -> None:
        brush.may_draw.set()
        drawings = Drawings(max_waiting=1)
        for _ in range(3):
            with pytest.raises(ValueError, match="can be drawn"):
                await drawings.draw(brush.draw, "impossible")
        assert await drawings.draw(brush.draw, "a") == b"a"

    asyncio.run(ask(Brush()))


def test_a_visitor_who_leaves_ends_the_drawing_for_nobody_else() -> None:
    async def ask(brush: Brush) -> bytes:
        drawings = Drawings()
        leaving, staying = (asyncio.ensure_future(drawings.draw(brush.draw, "a")) for _ in range(2))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.sleep(0)
        brush.may_draw.set()
        return await staying

    assert asyncio.run(ask(Brush())) == b"a"


@pytest.mark.parametrize("draw", [draw_svg, draw_png])
def test_the_longest_link_has_a_code(draw: Callable[[str], bytes]) -> None:
    assert len(LONGEST_LINK) <= MAX_LINK_BYTES
    assert draw(LONGEST_LINK)

"""Listeners that are walked over together: those who are in step, and the stragglers. It sends nothing.

Who is in step has got everything before the group's cursor, whole and unchanged, and needs no cursor of its
own: one send of the same bytes brings each of them to the same place again. That is nearly everybody. A
straggler is new, slow, or was moved ahead once, so that its pages have other numbers.
"""

from collections.abc import Sequence
from itertools import chain

from audiocast.stream.clock import Timer
from audiocast.stream.listener import Listener


class Group:
    """Some listeners of one logical bitstream.

    Args:
        interval_seconds: Between two passes over them; 0: a pass for each arrival of pages.
        cursor: Where they begin.
        granule: Where the page at `cursor` begins, or will.

    Attributes:
        cursor, granule: Of all who are in step; their own `cursor` and `next_granule` are not kept up.
        in_step, stragglers: All of them. Those who were closed stay until the next pass.
        timer: Of the next pass.
        running: A pass is on.
    """

    __slots__ = ("cursor", "granule", "in_step", "interval_seconds", "running", "stragglers", "timer")

    def __init__(self, interval_seconds: float, *, cursor: int, granule: int) -> None:
        self.interval_seconds = interval_seconds
        self.cursor = cursor
        self.granule = granule
        self.in_step: list[Listener] = []
        self.stragglers: list[Listener] = []
        self.timer: Timer | None = None
        self.running = False

    def __bool__(self) -> bool:
        return bool(self.in_step or self.stragglers)

    def add(self, listener: Listener) -> None:
        """Take one more: a straggler until a pass has come by."""
        self.stragglers.append(listener)

    def fall_behind(self, listener: Listener) -> None:
        """Give a listener that was in step a cursor of its own again; `advance` is told of it too."""
        listener.cursor, listener.next_granule = self.cursor, self.granule

    def advance(self, fallen: Sequence[Listener], cursor: int, granule: int) -> None:
        """End a pass.

        Args:
            fallen: Those who were in step before it, and are not any more, or have gone.
            cursor: Where all others who were in step are now; stragglers who came there are in step too.
            granule: Likewise.
        """
        gone = set(fallen)
        if gone:
            self.in_step = [listener for listener in self.in_step if listener not in gone]
        self.cursor, self.granule = cursor, granule
        stragglers, self.stragglers = chain(self.stragglers, fallen), []
        for listener in stragglers:
            if listener.is_open:
                caught_up = listener.cursor == cursor and not listener.unsent and not listener.skipped_pages
                (self.in_step if caught_up else self.stragglers).append(listener)

    def break_step(self) -> None:
        """Make stragglers of all."""
        for listener in self.in_step:
            self.fall_behind(listener)
        self.stragglers += self.in_step
        self.in_step = []

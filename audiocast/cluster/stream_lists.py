"""The lists of streams that members have of each other: this member's own, and the copies of the others'.

A copy is kept by asking for what has changed since the last time; see `versioned_list`.
"""

import asyncio
import math
from collections.abc import Callable, Collection, Mapping

import structlog

from audiocast.cluster.errors import ClusterError
from audiocast.cluster.greeting import ChangesRequest, ListName
from audiocast.cluster.member import Member
from audiocast.cluster.peer_client import PeerClient
from audiocast.cluster.versioned_list import PAGE_ENTRIES, AnnouncedList, ListPage, ListSummary, Value

log = structlog.get_logger()

VALUE_TYPES: Mapping[ListName, type[Value]] = {
    ListName.PRIVATE: int,
    ListName.OWNED: str,
    ListName.HLS: int,
    ListName.BROADCASTS: str,
}

# How often this member looks whether its own lists have changed.
REFRESH_SECONDS = 0.25

# In a row; the rest comes after the next greeting.
MAX_PAGES = 20

MAX_REASON_CHARACTERS = 200


class OwnLists:
    """This member's lists, as others are told of them.

    Args:
        clock: Seconds of the membership's clock.
        entries: The attribute, copied.

    Attributes:
        entries: Of each list, returns what it is now; others may add to it. One that is missing stays empty.
    """

    def __init__(
        self, clock: Callable[[], float], entries: Mapping[ListName, Callable[[], Mapping[str, Value]]]
    ) -> None:
        self._clock = clock
        self.entries = dict(entries)
        self._lists = {name: AnnouncedList() for name in ListName}
        self._refreshed_at = -math.inf

    def refresh(self) -> None:
        """Look what is on now."""
        self._refreshed_at = self._clock()
        for name, get_entries in self.entries.items():
            self._lists[name].update(get_entries())

    def summaries(self) -> dict[ListName, ListSummary]:
        """Return what a greeting says of the lists; they are looked at every `REFRESH_SECONDS`."""
        if self._clock() - self._refreshed_at >= REFRESH_SECONDS:
            self.refresh()
        return {name: own.summary for name, own in self._lists.items()}

    def page_after(self, request: ChangesRequest) -> ListPage:
        """Return the next changes of a list."""
        return self._lists[request.list_name].page_after(request.cursor)


class ListFollower:
    """Fetches changes, for each member one page at a time.

    Args:
        client: Asks for the pages.
        on_change: Called with a member, the list and the ids that have changed.
    """

    def __init__(
        self, client: PeerClient, on_change: Callable[[Member, ListName, Collection[str]], None]
    ) -> None:
        self._client = client
        self._on_change = on_change
        self._busy: set[tuple[str, str]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def start_catching_up(self, member: Member, summaries: Mapping[ListName, ListSummary]) -> None:
        """Catch up in a task of its own, if there is anything to be asked for."""
        if any(member.copies[name].version < summary.version for name, summary in summaries.items()):
            task = asyncio.ensure_future(self.catch_up(member, summaries))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def catch_up(self, member: Member, summaries: Mapping[ListName, ListSummary]) -> None:
        """Bring the copies of a member's lists to what its greeting shows, as far as it answers.

        Args:
            member: Its copies are changed.
            summaries: Of its greeting. A greeting that is older than the copies changes nothing.
        """
        key = (member.name, member.instance)
        if key in self._busy:
            # The next greeting comes in half a second.
            return
        self._busy.add(key)
        try:
            for name, summary in summaries.items():
                await self._catch_up_list(member, name, summary)
        except ClusterError as error:
            reason = str(error)[:MAX_REASON_CHARACTERS]
            log.debug("list_not_fetched", member=member.name, reason=reason)
        finally:
            self._busy.discard(key)

    async def close(self) -> None:
        """Stop everything that is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _catch_up_list(self, member: Member, name: ListName, summary: ListSummary) -> None:
        copy = member.copies[name]
        pages = 0
        while copy.version < summary.version and pages < MAX_PAGES + summary.entries // PAGE_ENTRIES:
            answer = await self._client.ask(member.recipient, ChangesRequest(name, copy.cursor).build())
            changed = copy.apply(ListPage.parse(answer, VALUE_TYPES[name]))
            pages += 1
            if changed:
                self._on_change(member, name, changed)
        if copy.version == summary.version and copy.summary != summary:
            log.error("list_copy_differs", member=member.name, list=name.value)
            copy.clear()

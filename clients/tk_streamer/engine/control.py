"""The thread that decides: it drives the `BroadcastState`, and opens, hands over and closes connections.

It owns the credentials, the connections and what the world is told of them (`status`). It never blocks but on
its own queue: whatever takes time is another thread's, and comes back as an event.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty

from tk_streamer.engine.broadcast_state import BroadcastState, Phase, Step
from tk_streamer.engine.encoder_thread import EncoderThread, SourceOver, SourceReady
from tk_streamer.engine.events import Event, Events, StopRequested
from tk_streamer.engine.packet_queue import PacketQueue
from tk_streamer.engine.uplink import Uplink, UplinkClosed, UplinkOpened
from tk_streamer.server.api_client import (
    FAST_POLL_SECONDS,
    SLOW_POLL_SECONDS,
    ApiClient,
    StreamEndDone,
    StreamInfoReceived,
    StreamStarted,
    StreamStartFailed,
)
from tk_streamer.server.streams import StreamCredentials, StreamInfo
from tk_streamer.trouble import Trouble

# How long the last sound has for its way to the server, then how long the server has to end the stream.
GOODBYE_SECONDS = 3.0
# What the old connection sent last may take another way to the stream's owner than what the new one sends
# first, and what comes behind a newer source's packet is lost.
HANDOVER_SECONDS = 0.25
# How long a thread is waited for that was told to end.
JOIN_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ControlStatus:
    """How the broadcast stands; times are of `time.monotonic`."""

    phase: Phase
    trouble: Trouble | None = None
    on_air_since: float | None = None
    retry_at: float | None = None
    credentials: StreamCredentials | None = None
    listeners: int | None = None


class Control:
    """Runs from `start` until the session is over and everything else has ended.

    Args:
        state: Not started yet.
        queue: Where all threads report.
        encoder_thread: Not started yet.
        packet_queue: Between encoder_thread and connections.
        api: For the small requests.
        open_uplink: Opens a connection for a credentials.
    """

    def __init__(
        self,
        state: BroadcastState,
        queue: Events,
        *,
        encoder_thread: EncoderThread,
        packet_queue: PacketQueue,
        api: ApiClient,
        open_uplink: Callable[[StreamCredentials], Uplink],
    ) -> None:
        self._state = state
        self._queue = queue
        self._encoder_thread = encoder_thread
        self._packet_queue = packet_queue
        self._api = api
        self._open_uplink = open_uplink
        self._ticket: StreamCredentials | None = None
        self._listeners: int | None = None
        # The connection that sends, its successor while that is being opened, and those on their way out.
        self._uplink: Uplink | None = None
        self._successor: Uplink | None = None
        self._leaving: list[Uplink] = []
        self._is_source_ready = False
        self._sound_trouble: Trouble | None = None
        self._goodbye_ends_at: float | None = None
        self._is_ending = False
        self.status = ControlStatus(state.phase)
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)

    def start(self) -> None:
        """Begin. Returns at once."""
        self._state.start()
        self._publish()
        self._encoder_thread.start()
        self._thread.start()

    def join(self, seconds: float | None) -> bool:
        """Wait until all is over; say whether it is."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._state.phase.is_over:
                self._turn()
        except Exception as error:
            log.exception("a fault of the control thread")
            self._state.fail(Trouble.of_fault(error))
        self._end_all()
        self._publish()

    def _turn(self) -> None:
        """Do what is due, then wait for the next event or moment."""
        if self._is_source_ready:
            self._take(self._state.step())
        if self._state.phase.is_over:
            # Not told yet: whoever hears of the end may begin anew, and needs the sound input for it.
            return
        self._publish()
        try:
            event = self._queue.get(timeout=self._seconds_to_wait())
        except Empty:
            if self._goodbye_ends_at is not None and time.monotonic() >= self._goodbye_ends_at:
                self._finish_goodbye()
            return
        self._note(event)

    def _seconds_to_wait(self) -> float | None:
        if self._goodbye_ends_at is not None:
            return max(0.0, self._goodbye_ends_at - time.monotonic())
        return self._state.seconds_to_next_step() if self._is_source_ready else None

    def _take(self, step: Step) -> None:
        match step:
            case Step.CONNECT:
                self._connect()
            case Step.REPLACE:
                assert self._ticket is not None
                self._successor = self._open_uplink(self._ticket)
            case Step.ABANDON:
                self._drop_uplinks()
            case Step.WAIT:
                pass

    def _connect(self) -> None:
        if self._ticket is None:
            self._api.start_stream()
        else:
            self._uplink = self._open_uplink(self._ticket)

    def _note(self, event: Event) -> None:
        match event:
            case SourceReady():
                self._is_source_ready = True
            case SourceOver(trouble):
                self._sound_trouble = trouble
                self._say_goodbye()
            case StreamStarted(credentials):
                self._ticket = credentials
                if self._state.phase is not Phase.STOPPING:
                    self._uplink = self._open_uplink(credentials)
            case StreamStartFailed(trouble):
                self._state.connection_lost(trouble)
            case UplinkOpened(uplink):
                self._note_opened(uplink)
            case UplinkClosed(uplink, trouble):
                self._note_closed(uplink, trouble)
            case StreamInfoReceived(state, asked_at):
                self._note_state(state, asked_at)
            case StreamEndDone():
                self._end_session()
            case StopRequested():
                self._note_stop()

    def _note_opened(self, uplink: Uplink) -> None:
        if uplink is self._uplink:
            uplink.start_sending()
            self._state.connection_opened()
            self._api.poll_stream_info(FAST_POLL_SECONDS)
        elif uplink is self._successor:
            old, self._uplink, self._successor = self._uplink, uplink, None
            uplink.start_sending(delay_seconds=HANDOVER_SECONDS)
            if old is not None:
                self._leaving.append(old)
            self._state.connection_replaced()

    def _note_closed(self, uplink: Uplink, trouble: Trouble | None) -> None:
        uplink.join(JOIN_SECONDS)
        if uplink is self._successor:
            self._successor = None
            self._state.replacement_failed()
        elif uplink is self._uplink:
            self._uplink = None
            self._drop_uplinks()
            if trouble is None or self._state.phase is Phase.STOPPING:
                self._state.stop()
                self._finish_goodbye()
            else:
                self._state.connection_lost(trouble)
        elif uplink in self._leaving:
            self._leaving.remove(uplink)

    def _note_stop(self) -> None:
        self._state.stop()
        self._encoder_thread.stop()
        # From now on the sound has so long to end.
        self._goodbye_ends_at = time.monotonic() + GOODBYE_SECONDS
        if not self._state.is_connected:
            # Nobody will take it.
            self._packet_queue.close()

    def _note_state(self, state: StreamInfo, asked_at: float) -> None:
        self._listeners = state.listeners
        if not state.is_live:
            self._state.live_denied()
            return
        self._state.live_confirmed(asked_at)
        if self._state.phase is Phase.ON_AIR:
            self._api.poll_stream_info(SLOW_POLL_SECONDS)
        if state.is_draining:
            self._state.server_draining()
        else:
            self._state.server_not_draining()

    def _drop_uplinks(self) -> None:
        """Break what is open; the threads end by themselves and are joined at the end."""
        self._api.poll_stream_info(None)
        self._listeners = None
        self._packet_queue.set_reader(None)
        for uplink in (self._uplink, self._successor):
            if uplink is not None:
                uplink.abort()
                self._leaving.append(uplink)
        self._uplink = self._successor = None

    def _say_goodbye(self) -> None:
        """The sound is over: let its end reach the server."""
        self._state.stop()
        self._goodbye_ends_at = time.monotonic() + GOODBYE_SECONDS
        if not self._state.is_connected or self._packet_queue.opus_head is None:
            self._finish_goodbye()

    def _finish_goodbye(self) -> None:
        """The last sound is there, or had its time: end the stream on the server."""
        self._drop_uplinks()
        if self._ticket is None or self._is_ending:
            self._end_session()
            return
        self._is_ending = True
        self._goodbye_ends_at = time.monotonic() + JOIN_SECONDS
        self._api.end_stream()

    def _end_session(self) -> None:
        if self._sound_trouble is not None:
            self._state.fail(self._sound_trouble)
        else:
            self._state.stopped()

    def _end_all(self) -> None:
        """End every thread."""
        self._drop_uplinks()
        self._encoder_thread.stop()
        self._packet_queue.close()
        self._api.close(JOIN_SECONDS)
        self._encoder_thread.join(JOIN_SECONDS)
        for uplink in self._leaving:
            uplink.abort()
            uplink.join(JOIN_SECONDS)

    def _publish(self) -> None:
        state = self._state
        self.status = ControlStatus(
            phase=state.phase,
            trouble=state.trouble,
            on_air_since=state.on_air_since,
            retry_at=state.retry_at,
            credentials=self._ticket,
            listeners=self._listeners if state.phase is Phase.ON_AIR else None,
        )

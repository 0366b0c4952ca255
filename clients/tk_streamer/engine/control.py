"""The thread that decides: it drives the `BroadcastState`, and opens, hands over and closes connections.

It owns the credentials, the connections and the status that other threads read. It blocks on its own queue
only: what takes time is the work of another thread, which reports the result as an event.
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

# How long the last sound may take to reach the server, and then the server to end the stream.
END_SECONDS = 3.0
# The last packets of the old connection may take another way to the stream's owner than the first packets of
# the new one, and what arrives after a packet of the newer source is lost.
HANDOVER_SECONDS = 0.25
# How long a thread may take to end.
JOIN_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ControlStatus:
    """The broadcast as this thread knows it; times are seconds of `time.monotonic`."""

    phase: Phase
    trouble: Trouble | None = None
    on_air_since: float | None = None
    retry_at: float | None = None
    credentials: StreamCredentials | None = None
    listeners: int | None = None
    listener_peak: int | None = None
    is_muted: bool = False
    first_on_air_at: float | None = None
    last_on_air_at: float | None = None
    format_refusal: str = ""


class Control:
    """Runs from `start` until the broadcast is over and every other thread has ended.

    Args:
        state: The state machine; started by `start`.
        queue: The events of all threads.
        encoder_thread: Started by `start`, stopped and joined at the end.
        packet_queue: Between encoder and connections; closed at the end.
        api: Closed at the end.
        open_uplink: Opens a connection to a stream; returns at once.
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
        self._credentials: StreamCredentials | None = None
        self._listeners: int | None = None
        self._listener_peak: int | None = None
        self._is_muted = False
        self._first_on_air_at: float | None = None
        self._last_on_air_at: float | None = None
        self._format_refusal = ""
        # The connection that sends, its successor while that is being opened, and those on their way out.
        self._uplink: Uplink | None = None
        self._successor: Uplink | None = None
        self._leaving: list[Uplink] = []
        self._is_source_ready = False
        self._sound_trouble: Trouble | None = None
        self._end_deadline: float | None = None
        self._is_ending = False
        self.status = ControlStatus(state.phase)
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)

    def start(self) -> None:
        """Start all threads. Returns at once."""
        self._state.start()
        self._publish()
        self._encoder_thread.start()
        self._thread.start()

    def join(self, seconds: float | None) -> bool:
        """Wait for the end of the broadcast; return whether it is over and all threads have ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._state.phase.is_over:
                self._run_once()
        except Exception as error:
            log.exception("a fault of the control thread")
            self._state.fail(Trouble.of_fault(error))
        self._end_threads()
        self._publish()

    def _run_once(self) -> None:
        """Take the step that is due, then wait for the next event or step."""
        if self._is_source_ready:
            self._act_on(self._state.step())
        if self._state.phase.is_over:
            # The end is published after all threads have ended: then the next broadcast can open the input.
            return
        self._publish()
        try:
            event = self._queue.get(timeout=self._seconds_to_wait())
        except Empty:
            if self._end_deadline is not None and time.monotonic() >= self._end_deadline:
                self._end_stream()
            return
        self._handle(event)

    def _seconds_to_wait(self) -> float | None:
        if self._end_deadline is not None:
            return max(0.0, self._end_deadline - time.monotonic())
        return self._state.seconds_to_next_step() if self._is_source_ready else None

    def _act_on(self, step: Step) -> None:
        match step:
            case Step.CONNECT:
                self._connect()
            case Step.REPLACE:
                assert self._credentials is not None
                self._successor = self._open_uplink(self._credentials)
            case Step.ABANDON:
                self._abort_uplinks()
            case Step.WAIT:
                pass

    def _connect(self) -> None:
        if self._credentials is None:
            self._api.start_stream()
        else:
            self._uplink = self._open_uplink(self._credentials)

    def _handle(self, event: Event) -> None:
        match event:
            case SourceReady():
                self._is_source_ready = True
            case SourceOver(trouble):
                self._sound_trouble = trouble
                self._on_source_over()
            case StreamStarted(credentials):
                self._credentials = credentials
                if self._state.phase is not Phase.STOPPING:
                    self._uplink = self._open_uplink(credentials)
            case StreamStartFailed(trouble):
                self._state.connection_lost(trouble)
            case UplinkOpened(uplink):
                self._on_uplink_opened(uplink)
            case UplinkClosed(uplink, trouble):
                self._on_uplink_closed(uplink, trouble)
            case StreamInfoReceived(info, asked_at):
                self._on_stream_info(info, asked_at)
            case StreamEndDone():
                self._end_session()
            case StopRequested():
                self._on_stop_requested()

    def _on_uplink_opened(self, uplink: Uplink) -> None:
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

    def _on_uplink_closed(self, uplink: Uplink, trouble: Trouble | None) -> None:
        uplink.join(JOIN_SECONDS)
        if uplink is self._successor:
            self._successor = None
            self._state.replacement_failed()
        elif uplink is self._uplink:
            self._uplink = None
            self._abort_uplinks()
            if trouble is None or self._state.phase is Phase.STOPPING:
                self._state.stop()
                self._end_stream()
            else:
                self._state.connection_lost(trouble)
        elif uplink in self._leaving:
            self._leaving.remove(uplink)

    def _on_stop_requested(self) -> None:
        self._state.stop()
        self._encoder_thread.stop()
        # The rest of the sound has so long to arrive.
        self._end_deadline = time.monotonic() + END_SECONDS
        if not self._state.is_connected:
            # No connection will send the last packets.
            self._packet_queue.close()

    def _on_stream_info(self, info: StreamInfo, asked_at: float) -> None:
        self._listeners = info.listeners
        self._is_muted = info.is_muted
        if info.listener_peak is not None:
            self._listener_peak = max(self._listener_peak or 0, info.listener_peak)
        self._format_refusal = info.format_refusal
        if not info.is_live:
            self._state.live_denied()
            return
        self._state.live_confirmed(asked_at)
        if self._state.phase is Phase.ON_AIR:
            self._last_on_air_at = time.monotonic()
            self._first_on_air_at = self._first_on_air_at or self._last_on_air_at
            self._api.poll_stream_info(SLOW_POLL_SECONDS)
        if info.is_draining:
            self._state.server_draining()
        else:
            self._state.server_not_draining()

    def _abort_uplinks(self) -> None:
        """Break all connections; their threads end by themselves and are joined at the end."""
        self._api.poll_stream_info(None)
        self._listeners = None
        self._format_refusal = ""
        self._packet_queue.set_reader(None)
        for uplink in (self._uplink, self._successor):
            if uplink is not None:
                uplink.abort()
                self._leaving.append(uplink)
        self._uplink = self._successor = None

    def _on_source_over(self) -> None:
        """Give the last sound the time to reach the server."""
        self._state.stop()
        self._end_deadline = time.monotonic() + END_SECONDS
        if not self._state.is_connected or self._packet_queue.opus_head is None:
            self._end_stream()

    def _end_stream(self) -> None:
        """End the stream on the server: the last sound has arrived, or its time is over."""
        self._abort_uplinks()
        if self._credentials is None or self._is_ending:
            self._end_session()
            return
        self._is_ending = True
        self._end_deadline = time.monotonic() + JOIN_SECONDS
        self._api.end_stream()

    def _end_session(self) -> None:
        if self._sound_trouble is not None:
            self._state.fail(self._sound_trouble)
        else:
            self._state.stopped()

    def _end_threads(self) -> None:
        """End all other threads."""
        self._abort_uplinks()
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
            credentials=self._credentials,
            listeners=self._listeners if state.phase is Phase.ON_AIR else None,
            listener_peak=self._listener_peak,
            is_muted=self._is_muted and state.phase is Phase.ON_AIR,
            first_on_air_at=self._first_on_air_at,
            last_on_air_at=self._last_on_air_at,
            format_refusal=self._format_refusal,
        )

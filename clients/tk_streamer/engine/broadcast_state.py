"""Whether a broadcast is on the air, and what to do next: the state machine of one broadcast.

It owns the phase, the back-off and the rule for "on the air". It knows no sound, socket, thread or window;
clock and random numbers are arguments. `control` drives it: it notes what has happened, and takes the steps
that `step` returns.

    STOPPED --start--> CONNECTING --confirmed--> ON_AIR --lost, denied--> RECONNECTING --confirmed--> ON_AIR
                            |                                                  |
                            '--- permanent trouble --> FAILED <----------------'
    any of these --stop--> STOPPING --stopped--> STOPPED

A broadcast is on the air when the server says so, not when bytes were sent: a socket takes bytes long after
the other end is gone.
"""

import random
from collections.abc import Callable
from enum import Enum, StrEnum, auto

from tk_streamer.trouble import Permanence, Trouble

# The pauses between tries grow from the first to the last of these, well within the time for which a server
# holds the listeners of a lost source.
FIRST_RETRY_SECONDS = 0.25
LAST_RETRY_SECONDS = 4.0
# The share by which a pause differs at most from its exact value, so that many broadcasters do not come back
# in step.
JITTER = 0.25
# After so long on the air a connection was a good one, and the next pause is the first again.
STABLE_SECONDS = 5.0
# A server calls a stream live for 2.5 s after its last audio (ACTIVE_THRESHOLD_SEC). A "live" within this
# time after a loss may be about the lost connection.
LIVE_MEMORY_SECONDS = 3.0
# Members of a cluster remember for about a second that an encoder's member drains. A "draining" within this
# time after a new connection may be about the member that was left.
DRAIN_MEMORY_SECONDS = 3.0
# After so long without a "live" the broadcast does not count as on the air any more.
CONFIRMATION_VALID_SECONDS = 6.0
# After so long without a "live" the connection is broken and a new one is opened.
CONFIRMATION_TIMEOUT_SECONDS = 15.0


class Phase(StrEnum):
    """The phases of a broadcast, as the user sees them."""

    # Not started, or ended properly.
    STOPPED = "stopped"
    # On the way to the air for the first time: perhaps nobody hears anything yet.
    CONNECTING = "connecting"
    # The server says that the stream is live, and has said so within `CONFIRMATION_VALID_SECONDS`.
    ON_AIR = "on_air"
    # The broadcast was on the air and is not now, or the server does not confirm it any more.
    RECONNECTING = "reconnecting"
    # The user has asked to stop; the last sound is on its way.
    STOPPING = "stopping"
    # Over, because of a trouble that does not pass by itself.
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """The broadcast has ended; nothing more will happen."""
        return self in (Phase.STOPPED, Phase.FAILED)


class Step(Enum):
    """What `control` has to do now."""

    # Nothing, for `seconds_to_next_step`.
    WAIT = auto()
    # Start a stream if there is none yet, and open a connection. Call `connection_opened` or
    # `connection_lost`.
    CONNECT = auto()
    # Break the connection, which the server does not confirm. The loss is already noted.
    ABANDON = auto()
    # Open a second connection beside the first, which the server will close. Call `connection_replaced` or
    # `replacement_failed`.
    REPLACE = auto()


class _Connection(Enum):
    NONE = auto()
    OPENING = auto()
    OPEN = auto()


class BroadcastState:
    """The state of one broadcast, from `start` to `Phase.is_over`; used by one thread.

    Args:
        clock: Returns the seconds of a clock that never goes back.
        rng: Source of the jitter of pauses.
        retries: False: the first trouble ends the broadcast.
    """

    def __init__(
        self, *, clock: Callable[[], float], rng: random.Random | None = None, retries: bool = True
    ) -> None:
        self._clock = clock
        self._rng = rng or random.Random()
        self._retries = retries
        self._phase = Phase.STOPPED
        self._trouble: Trouble | None = None
        self._connection = _Connection.NONE
        self._has_been_on_air = False
        self._on_air_since = 0.0
        self._confirmed_at = 0.0
        self._trust_live_from = 0.0
        self._delay_seconds = FIRST_RETRY_SECONDS
        self._retry_at = 0.0
        self._replace_at: float | None = None
        self._trust_draining_from = 0.0
        self._is_replacing = False

    @property
    def phase(self) -> Phase:
        """The current phase."""
        return self._phase

    @property
    def trouble(self) -> Trouble | None:
        """Why the broadcast is not on the air, if known; None on the air."""
        return self._trouble

    @property
    def on_air_since(self) -> float | None:
        """Since when the server has said "live" without a break, in the clock's seconds; None off the air."""
        return self._on_air_since if self._phase is Phase.ON_AIR else None

    @property
    def retry_at(self) -> float | None:
        """When the next try is due, in the clock's seconds; None while there is a connection, open or not."""
        is_waiting = self._connection is _Connection.NONE and self._is_wanted and self._trouble is not None
        return self._retry_at if is_waiting else None

    @property
    def is_connected(self) -> bool:
        """A connection is open, whether or not the server has confirmed it."""
        return self._connection is _Connection.OPEN

    @property
    def _is_wanted(self) -> bool:
        return self._phase in (Phase.CONNECTING, Phase.ON_AIR, Phase.RECONNECTING)

    def start(self) -> None:
        """Start the broadcast: the first step is `CONNECT`.

        Raises:
            RuntimeError: The broadcast was started before.
        """
        if self._phase is not Phase.STOPPED or self._retry_at:
            raise RuntimeError(f"expected a broadcast that was never started, got one that is {self._phase}")
        self._phase = Phase.CONNECTING
        self._retry_at = self._clock()

    def step(self) -> Step:
        """Return what is to be done now. Each step but `WAIT` is returned once."""
        now = self._clock()
        if not self._is_wanted:
            return Step.WAIT
        if self._connection is _Connection.NONE and now >= self._retry_at:
            self._connection = _Connection.OPENING
            return Step.CONNECT
        if self._connection is _Connection.OPEN:
            if now >= self._confirmed_at + CONFIRMATION_TIMEOUT_SECONDS:
                self.connection_lost(Trouble.of_code("unconfirmed"))
                return Step.ABANDON
            if self._phase is Phase.ON_AIR and now >= self._confirmed_at + CONFIRMATION_VALID_SECONDS:
                self._go_off_air(Trouble.of_code("unconfirmed"))
            if self._replace_at is not None and not self._is_replacing and now >= self._replace_at:
                self._is_replacing = True
                return Step.REPLACE
        return Step.WAIT

    def seconds_to_next_step(self) -> float | None:
        """Return in how many seconds `step` will return a step if nothing happens before; None for never."""
        if not self._is_wanted or self._connection is _Connection.OPENING:
            return None
        due = [self._retry_at]
        if self._connection is _Connection.OPEN:
            confirmation_ends = self._confirmed_at + CONFIRMATION_VALID_SECONDS
            due = [
                confirmation_ends
                if self._phase is Phase.ON_AIR
                else self._confirmed_at + CONFIRMATION_TIMEOUT_SECONDS
            ]
            if self._replace_at is not None and not self._is_replacing:
                due.append(self._replace_at)
        return max(0.0, min(due) - self._clock())

    def connection_opened(self) -> None:
        """Note that the connection takes audio, which does not yet mean that anybody can hear it."""
        if self._connection is _Connection.OPENING:
            self._connection = _Connection.OPEN
            self._confirmed_at = self._clock()
            if self._has_been_on_air:
                self._trust_draining_from = self._clock() + DRAIN_MEMORY_SECONDS

    def live_confirmed(self, asked_at: float) -> None:
        """Note that the server says "live".

        Args:
            asked_at: When the request was sent, in the clock's seconds. A response to a request from before
                the connection, or soon after a loss, proves nothing.
        """
        if not self._is_wanted or self._connection is not _Connection.OPEN:
            return
        if asked_at < max(self._trust_live_from, self._confirmed_at):
            return
        self._confirmed_at = asked_at
        self._trouble = None
        if self._phase is not Phase.ON_AIR:
            self._phase = Phase.ON_AIR
            self._on_air_since = self._clock()
            self._has_been_on_air = True
        elif self._clock() - self._on_air_since >= STABLE_SECONDS:
            self._delay_seconds = FIRST_RETRY_SECONDS

    def live_denied(self) -> None:
        """Note that the server says that the stream is not live, although audio is sent."""
        if self._phase is Phase.ON_AIR:
            self._go_off_air(Trouble.of_code("unconfirmed"))

    def connection_lost(self, trouble: Trouble) -> None:
        """Note that the connection or the stream has ended, or could not be started."""
        if not self._is_wanted:
            return
        self._connection = _Connection.NONE
        self._replace_at, self._is_replacing = None, False
        self._trouble = trouble
        if self._is_final(trouble):
            self._phase = Phase.FAILED
            return
        if self._phase is Phase.ON_AIR and trouble.code == "shutting_down":
            # The next connection goes to another member, or fails and waits like any other.
            self._retry_at = self._clock()
        else:
            self._retry_at = self._clock() + self._next_delay_seconds()
        if self._has_been_on_air:
            self._phase = Phase.RECONNECTING
            self._trust_live_from = self._clock() + LIVE_MEMORY_SECONDS

    def server_draining(self) -> None:
        """Note that the server will close the connection soon: a new one is opened before."""
        is_trusted = self._clock() >= self._trust_draining_from
        if self._connection is _Connection.OPEN and self._replace_at is None and is_trusted:
            self._replace_at = self._clock()

    def connection_replaced(self) -> None:
        """Note that the new connection has taken the place of the old one."""
        self._is_replacing = False
        self._trust_draining_from = self._clock() + DRAIN_MEMORY_SECONDS
        # If the server still says that it drains, the new connection went to it too: try again, later.
        self._replace_at = self._clock() + CONFIRMATION_TIMEOUT_SECONDS

    def server_not_draining(self) -> None:
        """Note that the server does not drain."""
        if not self._is_replacing:
            self._replace_at = None

    def replacement_failed(self) -> None:
        """Note that the second connection failed: the first one stays, and a second one is tried again."""
        self._is_replacing = False
        self._replace_at = self._clock() + self._next_delay_seconds()

    def fail(self, trouble: Trouble) -> None:
        """End the broadcast with a trouble, in whatever phase it is."""
        if not self._phase.is_over:
            self._trouble = trouble
            self._phase = Phase.FAILED
            self._connection = _Connection.NONE

    def stop(self) -> None:
        """Begin to stop; `control` calls `stopped` when the last sound is sent and the stream is ended."""
        if self._is_wanted:
            self._phase = Phase.STOPPING

    def stopped(self) -> None:
        """Note that the broadcast has ended properly."""
        if self._phase is Phase.STOPPING:
            self._phase = Phase.STOPPED
            self._trouble = None
            self._connection = _Connection.NONE

    def _go_off_air(self, trouble: Trouble) -> None:
        self._phase = Phase.RECONNECTING
        self._trouble = trouble

    def _is_final(self, trouble: Trouble) -> bool:
        if not self._retries or trouble.permanence is Permanence.PERMANENT:
            return True
        return trouble.permanence is Permanence.PERMANENT_BEFORE_AIR and not self._has_been_on_air

    def _next_delay_seconds(self) -> float:
        delay_seconds = self._delay_seconds * self._rng.uniform(1 - JITTER, 1 + JITTER)
        self._delay_seconds = min(2 * self._delay_seconds, LAST_RETRY_SECONDS)
        return delay_seconds

"""Whether one is on the air, and what to do next: the state machine of one broadcast.

It owns the phase, the back-off and the rule for "on the air". It has no sound, socket, thread or window in
it; the clock and the chance are given to it. `control` drives it: it tells what has happened and does what
`step` says.

    STOPPED --start--> CONNECTING --confirmed--> ON_AIR --lost, denied--> RECONNECTING --confirmed--> ON_AIR
                            |                                                  |
                            '------- lost for good --> FAILED <----------------'
    any of these --stop--> STOPPING --stopped--> STOPPED

On the air is what the server says, never what was sent: a socket takes bytes long after the other end is
gone.
"""

import random
from collections.abc import Callable
from enum import Enum, StrEnum, auto

from tk_streamer.trouble import Permanence, Trouble

# Well inside the time for which a server holds the listeners of a lost source.
FIRST_RETRY_SECONDS = 0.25
LAST_RETRY_SECONDS = 4.0
# How far a delay is from its exact value, so that many broadcasters do not come back in step.
JITTER = 0.25
# On the air for so long: the connection was a good one, and the next retry is quick again.
STABLE_SECONDS = 5.0
# A server calls a stream live for so long after its last audio (ACTIVE_THRESHOLD_SEC is 2.5 s): a "live"
# sooner after a loss may be the lost connection's.
LIVE_MEMORY_SECONDS = 3.0
# Members of a cluster remember for so long that an encoder's server drains (a second, and what was asked
# before): a "draining" sooner after a new connection is that of the server that was left.
DRAIN_MEMORY_SECONDS = 3.0
# Without a "live" for so long, we do not say that we are on the air.
CONFIRMATION_VALID_SECONDS = 6.0
# Without one for so long, the connection is given up and made anew.
CONFIRMATION_TIMEOUT_SECONDS = 15.0


class Phase(StrEnum):
    """Where a broadcast is, as people are told."""

    STOPPED = "stopped"
    """Not begun, or ended properly."""

    CONNECTING = "connecting"
    """On the way to be on the air for the first time: nobody can be sure to hear anything."""

    ON_AIR = "on_air"
    """The server says that the stream is live, and has said so within `CONFIRMATION_VALID_SECONDS`."""

    RECONNECTING = "reconnecting"
    """It was on the air and is not now, or the server has stopped confirming it."""

    STOPPING = "stopping"
    """Asked to stop; the last sound is on its way."""

    FAILED = "failed"
    """Over, with a trouble that does not pass by itself."""

    @property
    def is_over(self) -> bool:
        """Nothing more will happen by itself."""
        return self in (Phase.STOPPED, Phase.FAILED)


class Step(Enum):
    """What the session's driver has to do now."""

    WAIT = auto()
    """Nothing, for `seconds_to_next_step`."""

    CONNECT = auto()
    """Start a stream if there is none yet, and open a connection. Call `connection_opened` or
    `connection_lost`."""

    ABANDON = auto()
    """Break the connection, which the server does not confirm. The loss is already noted."""

    REPLACE = auto()
    """Open a second connection beside the first, which the server will close. Call `connection_replaced` or
    `replacement_failed`."""


class _Connection(Enum):
    NONE = auto()
    OPENING = auto()
    OPEN = auto()


class BroadcastState:
    """One broadcast, from `start` to `Phase.is_over`.

    Args:
        clock: Seconds of a clock that never goes back.
        rng: Gives the jitter.
        retries: False: the first trouble is the last.
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
        self._believe_from = 0.0
        self._delay_seconds = FIRST_RETRY_SECONDS
        self._retry_at = 0.0
        self._replace_at: float | None = None
        self._heed_draining_from = 0.0
        self._is_replacing = False

    @property
    def phase(self) -> Phase:
        """Where it is."""
        return self._phase

    @property
    def trouble(self) -> Trouble | None:
        """Why it is not on the air, if it is known; None on the air."""
        return self._trouble

    @property
    def on_air_since(self) -> float | None:
        """The clock's seconds when the server first said "live" without a break since; None off the air."""
        return self._on_air_since if self._phase is Phase.ON_AIR else None

    @property
    def retry_at(self) -> float | None:
        """The clock's seconds of the next try; None while there is a connection or one is being made."""
        is_waiting = self._connection is _Connection.NONE and self._is_wanted and self._trouble is not None
        return self._retry_at if is_waiting else None

    @property
    def is_connected(self) -> bool:
        """A connection is open, confirmed or not."""
        return self._connection is _Connection.OPEN

    @property
    def _is_wanted(self) -> bool:
        return self._phase in (Phase.CONNECTING, Phase.ON_AIR, Phase.RECONNECTING)

    def start(self) -> None:
        """Begin: the first step is `CONNECT`.

        Raises:
            RuntimeError: It was started before.
        """
        if self._phase is not Phase.STOPPED or self._retry_at:
            raise RuntimeError(f"expected a session that was never started, got one that is {self._phase}")
        self._phase = Phase.CONNECTING
        self._retry_at = self._clock()

    def step(self) -> Step:
        """Say what is to be done now. Each step but `WAIT` is given once."""
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
                self._leave_air(Trouble.of_code("unconfirmed"))
            if self._replace_at is not None and not self._is_replacing and now >= self._replace_at:
                self._is_replacing = True
                return Step.REPLACE
        return Step.WAIT

    def seconds_to_next_step(self) -> float | None:
        """Say for how long `step` has nothing to do unless something happens; None: for ever."""
        if not self._is_wanted or self._connection is _Connection.OPENING:
            return None
        due = [self._retry_at]
        if self._connection is _Connection.OPEN:
            belief_ends = self._confirmed_at + CONFIRMATION_VALID_SECONDS
            due = [
                belief_ends
                if self._phase is Phase.ON_AIR
                else self._confirmed_at + CONFIRMATION_TIMEOUT_SECONDS
            ]
            if self._replace_at is not None and not self._is_replacing:
                due.append(self._replace_at)
        return max(0.0, min(due) - self._clock())

    def connection_opened(self) -> None:
        """Note that the connection takes audio. Whether anybody hears it is the server's to say."""
        if self._connection is _Connection.OPENING:
            self._connection = _Connection.OPEN
            self._confirmed_at = self._clock()
            if self._has_been_on_air:
                self._heed_draining_from = self._clock() + DRAIN_MEMORY_SECONDS

    def live_confirmed(self, asked_at: float) -> None:
        """Note that the server says "live".

        Args:
            asked_at: The clock's seconds when it was asked: an answer to an older question proves nothing.
        """
        if not self._is_wanted or self._connection is not _Connection.OPEN:
            return
        if asked_at < max(self._believe_from, self._confirmed_at):
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
        """Note that the server says that the stream is not live, although we send."""
        if self._phase is Phase.ON_AIR:
            self._leave_air(Trouble.of_code("unconfirmed"))

    def connection_lost(self, trouble: Trouble) -> None:
        """Note that there is no connection, or no stream: none could be made, or it has ended."""
        if not self._is_wanted:
            return
        self._connection = _Connection.NONE
        self._replace_at, self._is_replacing = None, False
        self._trouble = trouble
        if self._is_final(trouble):
            self._phase = Phase.FAILED
            return
        if self._phase is Phase.ON_AIR and trouble.code == "shutting_down":
            # The next connection goes to another server, or waits for this one like any.
            self._retry_at = self._clock()
        else:
            self._retry_at = self._clock() + self._next_delay_seconds()
        if self._has_been_on_air:
            self._phase = Phase.RECONNECTING
            self._believe_from = self._clock() + LIVE_MEMORY_SECONDS

    def server_draining(self) -> None:
        """Note that the server will close the connection soon: the next one is made before."""
        is_heeded = self._clock() >= self._heed_draining_from
        if self._connection is _Connection.OPEN and self._replace_at is None and is_heeded:
            self._replace_at = self._clock()

    def connection_replaced(self) -> None:
        """Note that the new connection has taken the old one's place."""
        self._is_replacing = False
        self._heed_draining_from = self._clock() + DRAIN_MEMORY_SECONDS
        # A server that still says that it drains got the new connection too: once more, later.
        self._replace_at = self._clock() + CONFIRMATION_TIMEOUT_SECONDS

    def server_not_draining(self) -> None:
        """Note that the server does not drain."""
        if not self._is_replacing:
            self._replace_at = None

    def replacement_failed(self) -> None:
        """Note that the second connection could not be made: the first one stays, and it is tried again."""
        self._is_replacing = False
        self._replace_at = self._clock() + self._next_delay_seconds()

    def fail(self, trouble: Trouble) -> None:
        """Note what ends it, whatever it was doing."""
        if not self._phase.is_over:
            self._trouble = trouble
            self._phase = Phase.FAILED
            self._connection = _Connection.NONE

    def stop(self) -> None:
        """Ask it to end. The driver tells `stopped` when all is done."""
        if self._is_wanted:
            self._phase = Phase.STOPPING

    def stopped(self) -> None:
        """Note that the end has been reached."""
        if self._phase is Phase.STOPPING:
            self._phase = Phase.STOPPED
            self._trouble = None
            self._connection = _Connection.NONE

    def _leave_air(self, trouble: Trouble) -> None:
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

"""Asks a program of the station's whether somebody may listen, or broadcast.

One POST for each question, with an answer that is good for a while. Nobody else waits for it: a question has
a time-out, so many are under way at most, and those who ask the same share one. A program that does not
answer, or answers something else, is a failure: the setting says what holds then.

Two forms: JSON, and that of Icecast 2.4's URL authentication (icecast.org/docs/icecast-2.4.1/auth.html), for
those who have such a program.
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal, NamedTuple
from urllib.parse import urlencode

import structlog
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse

log = structlog.get_logger()

# More wait until one of these is answered, and as long as their own time-out lets them.
MAX_REQUESTS = 100
# More are not asked at all.
MAX_WAITING = 2_000
MAX_ANSWER_BYTES = 65_536
# An entry takes about 500 bytes.
MAX_KEPT = 10_000
MAX_LABEL_CHARACTERS = 40
MAX_SESSION_SECONDS = 315_360_000

# Of failures; how many came in between is said with the next one.
LOG_SECONDS = 10.0


class Question(NamedTuple):
    """Who wants what.

    Attributes:
        action: "listen" or "source".
        stream_id: The stream.
        token: Of the listener, or the password of the source; may be empty.
        user: Of the source, as Basic authentication has it; may be empty.
        address: Of the client; may be empty.
        agent: Its `User-Agent`.
        way: How it listens: "stream", "hls" or "page"; of a source empty.
    """

    action: Literal["listen", "source"]
    stream_id: str
    token: str
    user: str = ""
    address: str = ""
    agent: str = ""
    way: str = ""


class Verdict(NamedTuple):
    """The answer.

    Attributes:
        is_allowed: They may.
        session_seconds: For how long; 0: as long as they like.
        label: What the station calls them.
        title: Of a source: of its stream, where it has none.
    """

    is_allowed: bool
    session_seconds: int = 0
    label: str = ""
    title: str = ""


REFUSED = Verdict(is_allowed=False)


class NoVerdict(Exception):
    """No answer came, or none that can be read."""


@dataclass(frozen=True, slots=True)
class HookOptions:
    """How programs are asked.

    Attributes:
        token: Sent as a Bearer token; empty: none is.
        is_icecast: In Icecast's form.
        timeout_seconds: How long an answer may take.
        cache_seconds: How long it is good for the same question.
        fails_open: What holds without an answer.
    """

    token: str = ""
    is_icecast: bool = False
    timeout_seconds: float = 3.0
    cache_seconds: float = 10.0
    fails_open: bool = False


class AuthHook:
    """Asks one program.

    Args:
        url: Of the program.
        options: See `HookOptions`.
        now: Returns the clock's seconds.
        count_failure: Called for each question without an answer.
    """

    def __init__(
        self,
        url: str,
        options: HookOptions,
        now: Callable[[], float],
        count_failure: Callable[[], None] = lambda: None,
    ) -> None:
        self._url = url
        self._options = options
        self._now = now
        # By digest: a stranger's tokens are as long as requests may be, and a member's are secrets.
        self._kept: OrderedDict[bytes, tuple[float, Verdict]] = OrderedDict()
        self._asked: dict[Question, asyncio.Task[Verdict]] = {}
        self._client: AsyncHTTPClient | None = None
        self._logged_at = -LOG_SECONDS
        self._unlogged = 0
        self._count_failure = count_failure

    async def ask(self, question: Question) -> Verdict:
        """Return what the program says, or what holds without it."""
        kept = self._kept.get(_digest(question))
        if kept is not None and kept[0] > self._now():
            return kept[1]
        task = self._asked.get(question)
        if task is None:
            if len(self._asked) >= MAX_WAITING:
                return self._fail("too many questions wait")
            task = self._asked[question] = asyncio.ensure_future(self._decide(question))
            task.add_done_callback(lambda _: self._asked.pop(question, None))
        # One of several who ask the same may go; the question is the others' too.
        return await asyncio.shield(task)

    def close(self) -> None:
        """Give up the questions that are not answered yet."""
        for task in tuple(self._asked.values()):
            task.cancel()
        if self._client is not None:
            self._client.close()

    async def _decide(self, question: Question) -> Verdict:
        if self._client is None:
            # One of its own: others that send requests are not to wait for this program.
            self._client = AsyncHTTPClient(
                force_instance=True, max_clients=MAX_REQUESTS, max_body_size=MAX_ANSWER_BYTES
            )
        try:
            async with asyncio.timeout(self._options.timeout_seconds):
                response = await self._client.fetch(self._request(question), raise_error=False)
            verdict = self._read(response)
        except (NoVerdict, TimeoutError, OSError, ValueError) as error:
            return self._fail(str(error) or "no answer in time")
        except Exception as error:
            # tornado.httpclient has errors of many kinds; none of them is a fault of ours.
            return self._fail(type(error).__name__)
        if self._options.cache_seconds:
            key = _digest(question)
            self._kept[key] = self._now() + self._options.cache_seconds, verdict
            self._kept.move_to_end(key)
            if len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return verdict

    def _request(self, question: Question) -> HTTPRequest:
        options = self._options
        headers = {"Content-Type": "application/json"}
        body = json.dumps({name: value for name, value in question._asdict().items() if value})
        if options.is_icecast:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(_icecast_form(question))
        if options.token:
            headers["Authorization"] = f"Bearer {options.token}"
        return HTTPRequest(
            self._url,
            method="POST",
            headers=headers,
            body=body,
            follow_redirects=False,
            connect_timeout=options.timeout_seconds,
            request_timeout=options.timeout_seconds,
            decompress_response=False,
        )

    def _read(self, response: HTTPResponse) -> Verdict:
        """Return what an answer says.

        Raises:
            NoVerdict: Nothing that can be understood.
        """
        if response.code in (401, 403):
            return REFUSED
        if response.code != 200:
            raise NoVerdict(f"expected status 200, 401 or 403, got {response.code}")
        return _icecast_verdict(response.headers) if self._options.is_icecast else _verdict(response.body)

    def _fail(self, reason: str) -> Verdict:
        self._count_failure()
        now = self._now()
        if now - self._logged_at >= LOG_SECONDS:
            fails_open = self._options.fails_open
            log.warning("auth_hook_failed", reason=reason[:200], more=self._unlogged, let_in=fails_open)
            self._logged_at, self._unlogged = now, 0
        else:
            self._unlogged += 1
        return Verdict(is_allowed=self._options.fails_open)


def _digest(question: Question) -> bytes:
    return blake2b(repr(question).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _verdict(body: bytes) -> Verdict:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NoVerdict("expected a JSON object") from error
    match said:
        case {"allowed": bool(is_allowed)}:
            return Verdict(
                is_allowed,
                _seconds(said.get("session_seconds")),
                str(said.get("label") or "")[:MAX_LABEL_CHARACTERS],
                str(said.get("title") or ""),
            )
    raise NoVerdict('expected {"allowed": true} or false')


def _icecast_form(question: Question) -> dict[str, str]:
    """Return the fields that Icecast's server sends."""
    is_source = question.action == "source"
    return {
        "action": "stream_auth" if is_source else "listener_add",
        "mount": f"/stream/{question.stream_id}",
        "user": question.user,
        "pass": question.token,
        "ip": question.address,
        "agent": question.agent,
    }


def _icecast_verdict(headers: Mapping[str, str]) -> Verdict:
    is_allowed = headers.get("icecast-auth-user", "") == "1"
    return Verdict(is_allowed, _seconds(headers.get("icecast-auth-timelimit")))


def _seconds(value: object) -> int:
    """Return a length of time that a program has said; 0: it has said none.

    Raises:
        NoVerdict: It is none.
    """
    if value in (None, ""):
        return 0
    try:
        seconds = int(str(value))
    except ValueError as error:
        raise NoVerdict("expected session_seconds as a whole number") from error
    if not 0 <= seconds <= MAX_SESSION_SECONDS:
        raise NoVerdict("expected session_seconds of ten years at most")
    return seconds

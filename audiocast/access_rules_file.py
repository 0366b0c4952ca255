"""The file that says who may use the public port: read before anything is accepted, and when it changes.

    # The first that fits counts. Who fits none may come.
    allow address 192.0.2.17
    deny address 192.0.2.0/24
    deny agent *BadBot*
    deny referrer *://evil.example/*

One rule a line. Agents and referrers are globs (`*`, `?`, `[...]`) in either case. docs/station/access.md.
"""

import ipaddress
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry

from audiocast.telemetry.access_rules_metrics import show_access_rules
from audiocast.telemetry.watched_file import WatchedFile
from audiocast.web.http.bans.access_rules import AccessRule, AccessRules, Quality
from audiocast.web.http.bans.bans import Bans

log = structlog.get_logger()

MAX_BYTES = 1_048_576
MAX_RULES = 10_000
# Each may be compared with what a request is called; a network costs nothing.
MAX_GLOBS = 500
MAX_GLOB_CHARACTERS = 200

# Of those that are bad, so many are told.
_TOLD_LINES = 5

# A ban that is written into the file holds after so long.
LOOK_SECONDS = 1.0

_FORM = "expected allow or deny; address, agent or referrer; and which"


class BadAccessRules(ValueError):
    """A text that is no list of rules; the message has the numbers of the lines."""


_Read = tuple[bytes, AccessRules]


class AccessRulesFile(WatchedFile[_Read]):
    """A file with rules.

    Args:
        path: Where it is; None: there is none, and nothing is done.
        bans: Who holds to them.
        metrics: Registry.

    Attributes:
        is_refused: It is missing, or cannot be used; what it said before holds.
    """

    look_seconds = LOOK_SECONDS

    def __init__(self, path: Path | None, bans: Bans, metrics: CollectorRegistry) -> None:
        super().__init__()
        self._path = path
        self._bans = bans
        self._content: bytes | None = None
        self._rules = AccessRules()
        if path is not None:
            show_access_rules(self, bans, metrics)

    @property
    def count(self) -> int:
        """How many rules it had when it could be used last."""
        return len(self._rules)

    async def start(self) -> None:
        """Hold to the file from now on. A file that cannot be used was refused with the settings."""
        if self._path is not None:
            await self.look()
            self.watch()

    def _read_new(self) -> _Read | None:
        assert self._path is not None
        content = read_access_rules(self._path)
        return None if content == self._content else (content, parse_access_rules(content))

    def _use(self, content: _Read) -> None:
        self._content, self._rules = content
        self._bans.use(self._rules)
        log.info("access_rules_read", rules=self.count)

    def _log_refusal(self, error: str) -> None:
        log.error(
            "access_rules_refused",
            error=error,
            rules=self.count,
            hint="what was read before holds; put ACCESS_RULES_FILE right, without a restart",
        )


def read_access_rules(path: Path) -> bytes:
    """Return the content of a file with rules; of one that is too large, a byte more than it may have.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def parse_access_rules(content: bytes) -> AccessRules:
    """Return the rules of a file's content.

    Raises:
        BadAccessRules: It is too large, or has lines that are none.
    """
    if len(content) > MAX_BYTES:
        raise BadAccessRules(f"expected at most {MAX_BYTES} bytes, got more")
    rules: list[AccessRule] = []
    faults: list[str] = []
    globs = 0
    for number, line in enumerate(content.decode("utf-8-sig", "replace").splitlines(), 1):
        words = line.split(None, 2)
        if not words or words[0].startswith("#"):
            continue
        try:
            rules.append(_rule(words))
        except ValueError as error:
            faults.append(f"line {number}: {error}")
            continue
        globs += rules[-1].network is None
    if len(rules) > MAX_RULES or globs > MAX_GLOBS:
        faults.append(f"expected at most {MAX_RULES} rules, {MAX_GLOBS} of them for agents and referrers")
    if faults:
        more = f"; and {len(faults) - _TOLD_LINES} more" if len(faults) > _TOLD_LINES else ""
        raise BadAccessRules("; ".join(faults[:_TOLD_LINES]) + more)
    return AccessRules(rules)


def _rule(words: list[str]) -> AccessRule:
    """Return the rule of a line.

    Raises:
        ValueError: It is none.
    """
    if len(words) != 3 or words[0] not in ("allow", "deny") or words[1] not in list(Quality):
        raise ValueError(f"{_FORM}, got {' '.join(words)[:60]!r}")
    allows, quality, value = words[0] == "allow", Quality(words[1]), words[2].strip()
    if quality is Quality.ADDRESS:
        try:
            return AccessRule(allows, quality, network=ipaddress.ip_network(value))
        except ValueError:
            raise ValueError(
                f"expected an address or a network as 192.0.2.0/24, without more bits, got {value[:60]!r}"
            ) from None
    if len(value) > MAX_GLOB_CHARACTERS:
        raise ValueError(f"expected at most {MAX_GLOB_CHARACTERS} characters, got {len(value)}")
    return AccessRule(allows, quality, pattern=value)

"""Settings, aliases and notes from an Icecast server's configuration."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from audiocast.aliases_file import BadAliases, parse_aliases
from audiocast.migrate.configuration import KNOWN_PASSWORDS, Configuration, Kind, Mount, Note, password_of
from audiocast.migrate.counterparts import CONTAINERS, COUNTERPARTS, counterpart
from audiocast.migrate.names import is_other_format, stream_id_of
from audiocast.migrate.output import aliases_text
from audiocast.migrate.xml_elements import XmlElement
from audiocast.stream.keys import Visibility
from audiocast.web.http.aliases import Alias
from audiocast.web.http.urls import is_host

# Icecast's own defaults.
USUAL_PORT = 8000
USUAL_BURST_BYTES = (65_535, 65_536)

# From here on ports are for everybody.
PLAIN_PORT = 1024
LOW_PORT = (
    "Ports below 1024 need a right that the systemd unit has not: give it CAP_NET_BIND_SERVICE, as "
    "deploy/systemd/tls.conf shows, or lead the port to a higher one in the firewall."
)

# Burst sizes are bytes there and seconds here: at this rate, which docs/encoders/ uses.
USUAL_KBPS = 96
MAX_PREROLL_SECONDS = 60

LOG_LEVELS = {"1": "error", "2": "warning", "3": "info", "4": "debug"}

# What needs no quotes in a file of variables.
PLAIN_VALUE = re.compile(r"[A-Za-z0-9._:/@+-]+")

SEEN_ELSEWHERE = "mount/mount-name mount/stream-name relay".split()

NO_FORMAT = (
    "audiocast takes and gives Ogg Opus alone: set the source client to Opus. Radios that know no "
    "Opus cannot play it. If another mount has the same programme, give both one stream in "
    "aliases.toml, and stop this source."
)
KNOWN_PASSWORD = "Everybody knows it, so it was left out: let the source client send the key in keys.txt."


class BadConfiguration(ValueError):
    """A file that is no configuration of Icecast's."""


@dataclass(slots=True)
class Translation:
    """What was made of a configuration.

    Attributes:
        settings: Of audiocast, by name; no secret.
        aliases: In the order of the file.
        notes: On each element.
    """

    settings: dict[str, str] = field(default_factory=dict)
    aliases: list[Alias] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def translate(root: XmlElement, *, mounts: Sequence[str] = ()) -> Translation:
    """Return what a configuration means here.

    Args:
        root: The file's root.
        mounts: More mounts that sources send to; Icecast lets them choose any.

    Raises:
        BadConfiguration: The root is no <icecast>.
    """
    if root.name != "icecast":
        raise BadConfiguration(f"line {root.line}: expected <icecast>, got another element")
    translator = _Translator(root)
    translator.add_ports()
    translator.add_limits()
    translator.add_hostname()
    translator.add_log_level()
    translator.add_mounts(mounts)
    translator.add_path_aliases()
    translator.note_rest(root, "")
    translator.made.notes.sort(key=lambda note: note.line)
    return translator.made


class _Translator:
    """One translation.

    Attributes:
        made: What there is of it so far.
    """

    def __init__(self, root: XmlElement) -> None:
        self.made = Translation()
        self._told: set[tuple[int, str]] = set()
        self._configuration = Configuration(root, self._add_note)
        self._ports: set[int] = set()

    def _add_note(self, note: Note) -> None:
        self._told.add((note.line, note.element))
        self.made.notes.append(note)

    def _note(self, element: XmlElement, path: str, kind: Kind, text: str) -> None:
        self._add_note(Note(element.line, path, kind, text))

    def _set(self, name: str, value: str | int, element: XmlElement, path: str) -> None:
        text = str(value)
        if not PLAIN_VALUE.fullmatch(text):
            text = f"Its value cannot stand in a file of settings: set {name} yourself."
            self._note(element, path, "open", text)
            return
        self.made.settings[name] = text
        self._note(element, path, "done", f"{name}={text}")

    def _number(self, element: XmlElement | None, path: str, limits: range) -> int | None:
        """Return the number in an element; None: there is no element, or no number in it."""
        if element is None:
            return None
        text = element.text
        if text.isascii() and text.isdigit() and len(text) < 12 and int(text) in limits:
            return int(text)
        bounds = f"{limits[0]} to {limits[-1]}"
        self._note(element, path, "open", f"Expected a number from {bounds}: nothing was done.")
        return None

    def add_ports(self) -> None:
        """Translate the sockets: one for HTTP, one for HTTPS."""
        taken: dict[str, int] = {}
        for section in self._configuration.sections("listen-socket"):
            parts = self._configuration.scalars_of(section, "listen-socket")
            flag = parts.get("ssl") or parts.get("tls")
            has_tls = flag is not None and flag.text not in ("", "0", "disabled")
            port_element = parts.get("port", section)
            port = USUAL_PORT
            if "port" in parts:
                number = self._number(parts["port"], "listen-socket/port", range(1, 65_536))
                if number is None:
                    continue
                port = number
            name = "TLS_PORT" if has_tls else "PORT"
            self._ports.add(port)
            if name in taken:
                text = (
                    f"There is one {name}, of line {taken[name]}: lead this port to it by firewall or proxy."
                )
                self._note(port_element, "listen-socket/port", "open", text)
                continue
            taken[name] = port_element.line
            self._set(name, port, port_element, "listen-socket/port")
            if port < PLAIN_PORT:
                self._note(port_element, "listen-socket/port", "open", LOW_PORT)
            if has_tls and flag is not None:
                self._note(flag, "listen-socket/ssl", "done", f"HTTPS is on port {port}.")
            self._add_host(parts.get("bind-address"))
        self._add_certificate("TLS_PORT" in taken)
        self.made.settings["INTERNAL_HOST"] = "127.0.0.1"
        free = next(port for port in range(8001, 65_536) if port not in self._ports)
        if free != 8001:
            self.made.settings["INTERNAL_PORT"] = str(free)

    def _add_host(self, element: XmlElement | None) -> None:
        if element is None or "HOST" in self.made.settings:
            return
        if is_host(element.text) or re.fullmatch(r"[0-9A-Fa-f:.]+", element.text):
            self._set("HOST", element.text, element, "listen-socket/bind-address")
        else:
            text = "Expected an address: set HOST yourself."
            self._note(element, "listen-socket/bind-address", "open", text)

    def _add_certificate(self, has_tls: bool) -> None:
        element = self._configuration.scalars("paths").get("ssl-certificate")
        if element is None:
            if has_tls:
                self.made.settings.pop("TLS_PORT")
                text = "There is a port with TLS and no certificate: set TLS_CERTIFICATE and TLS_KEY."
                self._add_note(Note(0, "paths/ssl-certificate", "open", text))
        elif not has_tls:
            text = "No port has TLS, so it was not used: TLS_CERTIFICATE and TLS_KEY name such a file."
            self._note(element, "paths/ssl-certificate", "same", text)
        elif not element.text.startswith("/"):
            text = "Its path is not whole: set TLS_CERTIFICATE and TLS_KEY, both to this file."
            self._note(element, "paths/ssl-certificate", "open", text)
            self.made.settings.pop("TLS_PORT")
        else:
            self._set("TLS_CERTIFICATE", element.text, element, "paths/ssl-certificate")
            self._set("TLS_KEY", element.text, element, "paths/ssl-certificate")

    def add_limits(self) -> None:
        """Translate how many may listen, and with how much they begin."""
        parts = self._configuration.scalars("limits")
        clients = self._number(parts.get("clients"), "limits/clients", range(1, 10_000_000))
        if clients is not None:
            self._set("MAX_LISTENERS", clients, parts["clients"], "limits/clients")
        burst = self._number(parts.get("burst-size"), "limits/burst-size", range(100_000_000))
        is_off = "burst-on-connect" in parts and parts["burst-on-connect"].text == "0"
        if "burst-on-connect" in parts:
            element = parts["burst-on-connect"]
            if is_off:
                self._set("PREROLL_SECONDS", 0, element, "limits/burst-on-connect")
            else:
                text = "A listener begins with PREROLL_SECONDS of audio, 3.5 unless set."
                self._note(element, "limits/burst-on-connect", "same", text)
        if burst is not None and not is_off and burst not in USUAL_BURST_BYTES:
            seconds = min(MAX_PREROLL_SECONDS, round(burst * 8 / USUAL_KBPS / 1000, 1))
            self._set("PREROLL_SECONDS", f"{seconds:g}", parts["burst-size"], "limits/burst-size")
        elif burst is not None and not is_off:
            text = "It is the usual one; here a listener begins with PREROLL_SECONDS, 3.5 unless set."
            self._note(parts["burst-size"], "limits/burst-size", "same", text)

    def add_hostname(self) -> None:
        """Translate the host of links, unless there are two ports that it could be with."""
        element = self._configuration.value("hostname")
        if element is None:
            return
        settings = self.made.settings
        if element.text == "localhost" or "TLS_PORT" in settings or not is_host(element.text):
            text = "Links have the host that was asked. STREAM_DOMAIN sets another."
            self._note(element, "hostname", "same", text)
            return
        port = settings.get("PORT", str(USUAL_PORT))
        self._set("STREAM_DOMAIN", element.text + ("" if port == "80" else f":{port}"), element, "hostname")

    def add_log_level(self) -> None:
        """Translate the least level that is logged."""
        element = self._configuration.scalars("logging").get("loglevel")
        level = LOG_LEVELS.get(element.text) if element is not None else None
        if element is not None and level is not None:
            self._set("LOG_LEVEL", level, element, "logging/loglevel")

    def add_mounts(self, more: Sequence[str]) -> None:
        """Translate mounts into aliases, each of a stream of its own."""
        for mount in self._configuration.mounts(more):
            if "*" in mount.path:
                text = "It stands for many mounts: name those in use, as --mount /live.ogg."
                self._add_note(Note(mount.line, mount.element, "open", text))
                continue
            ids = {alias.stream_id for alias in self.made.aliases}
            visibility = Visibility.PUBLIC if mount.hidden is None else Visibility.UNLISTED
            alias = Alias(
                mount.path,
                stream_id_of(mount.path, ids),
                self._password(mount),
                mount.title[:200],
                visibility=visibility,
            )
            self._add_alias(alias, mount.line, mount.element)
            if mount.hidden is not None:
                text = "Its stream is in no list, by visibility in aliases.toml."
                self._note(mount.hidden, "mount/hidden", "done", text)
        for element in self._configuration.sections("relay"):
            text = (
                "audiocast pulls no stream: let FFmpeg bring it to this path (docs/migration/icecast.md, "
                "Relays in), or send listeners to the other server by redirect in aliases.toml."
            )
            self._note(element, "relay", "open", text)
        if not self.made.aliases:
            text = (
                "No mount is named, and sources could use any. Name those in use, as --mount /live.ogg: "
                "Icecast's access.log has them (grep -oE '(SOURCE|PUT) [^ ]+' access.log | sort -u)."
            )
            self._add_note(Note(0, "mount", "open", text))

    def _password(self, mount: Mount) -> str:
        element = mount.password
        if element is None or not password_of(element):
            return ""
        path = f"{'mount' if element.name == 'password' else 'authentication'}/{element.name}"
        is_known = element.text.lower() in KNOWN_PASSWORDS
        if (element.line, path) not in self._told:
            text = KNOWN_PASSWORD if is_known else "It is in aliases.toml; source clients go on sending it."
            self._note(element, path, "open" if is_known else "done", text)
        return "" if is_known else password_of(element)

    def _add_alias(self, alias: Alias, line: int, element: str) -> None:
        try:
            parse_aliases(aliases_text([alias]).encode())
        except BadAliases as error:
            self._add_note(Note(line, element, "open", f"It cannot be an alias: {error}"))
            return
        self.made.aliases.append(alias)
        if element == "mount/fallback-mount":
            # That listeners are not moved to it is still to be said.
            self.made.notes.append(Note(line, element, "open", counterpart(element)[0]))
        text = f"{alias.path} is an alias of the stream {alias.stream_id}: /listen/{alias.stream_id}"
        self._add_note(Note(line, element, "done", text))
        if is_other_format(alias.path):
            self._add_note(Note(line, element, "open", NO_FORMAT))

    def add_path_aliases(self) -> None:
        """Translate Icecast's own aliases, as far as they lead to a mount."""
        streams = {alias.path: alias.stream_id for alias in self.made.aliases}
        for section in self._configuration.sections("paths"):
            for element in section.find("alias"):
                source = element.attributes.get("source", "")
                destination = element.attributes.get("destination") or element.attributes.get("dest", "")
                if source == "/":
                    self._note(element, "paths/alias", "same", "/ is the start page.")
                elif destination in streams and source not in streams:
                    self._add_alias(Alias(source, streams[destination]), element.line, "paths/alias")
                else:
                    text = "It leads to no mount that is known, and audiocast serves no files."
                    self._note(element, "paths/alias", "open", text)

    def note_rest(self, element: XmlElement, path: str) -> None:
        """Note what to do about each element that nothing was said of yet."""
        for child in element.children:
            below = f"{path}/{child.name}".lstrip("/")
            is_known = below in COUNTERPARTS
            if below in CONTAINERS:
                self.note_rest(child, below)
            elif (child.line, below) in self._told or below in SEEN_ELSEWHERE:
                continue
            elif is_known or path in ("", *CONTAINERS):
                text, is_open = counterpart(below)
                self._note(child, below, "open" if is_open else "same", text)
                if is_known:
                    self.note_rest(child, below)

"""What is wrong with a setting, in a line for people: its name, what was expected, what came, what to do.

The words are ours; those of the library that finds the mistake say what a program would want to know.
"""

import errno
import socket
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from audiocast.formats.source_formats import SourceFormat
from audiocast.serve_options import kind_of
from audiocast.setting_groups.webhook_settings import SECRET_NAMES
from audiocast.settings import Settings
from audiocast.web.http.server import CannotListen
from audiocast.webhooks.event import EventType

MAX_SHOWN_CHARACTERS = 100

# Of what a number and a text say of themselves.
SECRETS = frozenset(["secret_keys", "api_tokens", *SECRET_NAMES])

# What is expected where the type of a value does not say it.
EXPECTED = {
    "trusted_proxies": "networks with commas between them, as 10.0.0.0/8,2001:db8::/32",
    "webhook_events": f"some of {', '.join(EventType)}",
    "ingest_formats": f"some of {', '.join(SourceFormat)}",
    "stream_domain": "a host without http://, as radio.example.org or radio.example.org:8000",
}


def setting_errors(error: ValidationError) -> list[str]:
    """Return a line for each setting that is wrong."""
    lines = []
    for each in error.errors(include_url=False):
        message = str(each["msg"]).removeprefix("Value error, ")
        if not each["loc"]:
            lines.append(message)
            continue
        name = str(each["loc"][0])
        if each["type"] != "value_error":
            message = f"expected {_expected(name)}{_came(name, each['input'])}"
        line = f"{name.upper()}: {message}"
        # Each network of a list is looked at in two ways.
        if line not in lines:
            lines.append(line)
    return lines


def start_error(error: OSError, settings: Settings) -> str:
    """Return why a server cannot start; of a port that is taken, by which setting to choose another."""
    if not isinstance(error, CannotListen):
        return f"cannot start: {error.strerror or error}"
    public, host = ["PORT", *(["TLS_PORT"] if settings.tls_certificate else [])], settings.host
    names = [name for name in (*public, "INTERNAL_PORT") if getattr(settings, name.lower()) == error.port]
    if len(names) > 1:
        return f"{' and '.join(names)} are both {error.port}: each needs a port of its own"
    name = names[0] if names else "PORT"
    if name == "INTERNAL_PORT":
        host = settings.internal_host
    host_name = "INTERNAL_HOST" if name == "INTERNAL_PORT" else "HOST"
    option = f"--{name.lower().replace('_', '-')}"
    if error.errno == errno.EADDRINUSE:
        return (
            f"{name}: port {error.port} is taken by another program; stop that one, or choose another port: "
            f"{option} {_another(error.port)}"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return (
            f"{name}: this user may not listen on port {error.port}; choose one from 1024 on ({option} "
            f"{_another(error.port)}), or give the service CAP_NET_BIND_SERVICE"
        )
    if isinstance(error.reason, socket.gaierror) or error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        return (
            f"{host_name}: expected an address of this machine, or none for all of them, got {_shown(host)}"
        )
    return f"{name}: cannot listen on port {error.port}: {error.strerror}"


def _another(port: int) -> int:
    return port + 8000 if port < 1024 else port + 80 if port < 65_000 else 8080


def _expected(name: str) -> str:
    """Return what a setting may be."""
    field = Settings.model_fields[name]
    if name in EXPECTED:
        return EXPECTED[name]
    kind = kind_of(field)
    if get_origin(kind) is Literal:
        return f"one of {', '.join(choice for choice in get_args(kind) if choice)}"
    if kind is bool:
        return "true or false"
    if kind in (int, float):
        return f"{'a whole number' if kind is int else 'a number'}{_bounds(field)}"
    longest = _bound(field, "max_length")
    return f"at most {longest} characters" if longest is not None else "another value"


def _bounds(field: FieldInfo) -> str:
    least, above, most = (_bound(field, name) for name in ("ge", "gt", "le"))
    if most is not None:
        return f" from {least} to {most}" if least is not None else f" above {above}, at most {most}"
    return f" of {least} or more"


def _bound(field: FieldInfo, name: str) -> Any:
    return next(
        (getattr(each, name) for each in field.metadata if getattr(each, name, None) is not None), None
    )


def _came(name: str, given: Any) -> str:
    return "" if name in SECRETS else f", got {_shown(given)}"


def _shown(given: Any) -> str:
    text = str(given)
    return repr(text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[:MAX_SHOWN_CHARACTERS]}...")

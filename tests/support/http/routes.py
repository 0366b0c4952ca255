"""The patterns of all routes, read off the applications themselves, for tests that walk them."""

from typing import Any

from tornado.routing import PathMatches
from tornado.web import Application

from audiocast.web.http.services import Readiness
from audiocast.web.routes import internal_application, public_application

# What the applications need to be made; no handler is.
_PARTS: Any = None


def public_routes() -> list[str]:
    """Return the pattern of each route of the public port, those of static files included."""
    return _patterns(public_application(_PARTS, _PARTS, lambda _: None))


def internal_routes() -> list[str]:
    """Return the pattern of each route of the internal port."""
    return _patterns(internal_application(_PARTS, _PARTS, Readiness(), lambda _: None))


def _patterns(application: Application) -> list[str]:
    patterns: list[str] = []
    for rule in application.wildcard_router.rules:
        assert isinstance(rule.matcher, PathMatches)
        patterns.append(rule.matcher.regex.pattern.removesuffix("$"))
    return patterns

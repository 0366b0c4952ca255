"""The start page, the broadcaster's page, and the page of what is not there."""

from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import CONTENT_SECURITY_POLICY, PublicHandler
from audiocast.web.pages.modules import modules_of


class PageHandler(PublicHandler):
    """A page, and errors that a person can read.

    Attributes:
        framed_by: Which sites may put the page into a frame, as Content-Security-Policy writes it.
    """

    framed_by = "'none'"

    def set_default_headers(self) -> None:
        super().set_default_headers()
        policy = f"{CONTENT_SECURITY_POLICY}; frame-ancestors {self.framed_by}"
        self.set_header("Content-Security-Policy", policy)
        # Private: the links in it may be those of whoever asked (Urls.cache_scope).
        self.set_header("Cache-Control", "private, no-cache")

    def get_template_namespace(self) -> dict[str, Any]:
        """Add `modules_of`, with which templates name the modules of their script."""
        folder = Path(self.settings["static_path"])
        return {**super().get_template_namespace(), "modules_of": partial(modules_of, folder)}

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send a page to browsers, JSON to all other clients."""
        if "text/html" not in self.request.headers.get("Accept", ""):
            super().write_error(status_code, **kwargs)
            return
        error = self.api_error(status_code, kwargs.get("exc_info", (None, None, None))[1])
        self.set_status(error.status)
        self.render("error.html", status=error.status, message=error.message)


class NotFoundHandler(PageHandler):
    """All paths without a route, whatever the method."""

    metric_label = "NotFound"

    def prepare(self) -> NoReturn:
        super().prepare()
        raise ApiError(404, "not_found", f"nothing is at {self.request.path[:100]}")


class HomeHandler(PageHandler):
    """`GET /`: the live streams, and how to broadcast."""

    metric_label = "Home"

    def get(self) -> None:
        services = self.services
        self.render("home.html", version=services.version, base_url=services.urls.base(self.request))


class BroadcastPageHandler(PageHandler):
    """`GET /broadcast`: the page from which anyone broadcasts."""

    metric_label = "BroadcastPage"

    def get(self) -> None:
        self.render("broadcast.html")

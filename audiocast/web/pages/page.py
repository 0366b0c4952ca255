"""What all pages have; both pages of broadcasters, the sound test, and the page of what is not there."""

from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.pages.assets import WASM_DECODER
from audiocast.web.pages.content_policy import CONTENT_SECURITY_POLICY, MEDIA_SOURCES
from audiocast.web.pages.modules import joined


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
        """Add `joined`, with which templates name their script, and whom the page's links are for."""
        folder, urls = Path(self.settings["static_path"]), self.services.urls
        return {
            **super().get_template_namespace(),
            "joined": partial(joined, folder),
            "base_url": urls.base(self.request),
            "local_base": urls.local_base(self.request) or "",
            "is_for_this_computer": urls.is_for_this_computer(self.request),
            "list_streams": self.services.list_streams.value,
        }

    @property
    def has_wasm_decoder(self) -> bool:
        """Whether the server was built with libopus for pages."""
        return Path(self.settings["static_path"], WASM_DECODER).is_file()

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
    answers_plain_http = True

    def prepare(self) -> NoReturn:
        super().prepare()
        raise ApiError(404, "not_found", f"nothing is at {self.request.path[:100]}")


class BroadcastPageHandler(PageHandler):
    """`GET /broadcast`: the page from which anyone broadcasts."""

    metric_label = "BroadcastPage"

    def get(self) -> None:
        self.render("broadcast.html")


class ControlPageHandler(PageHandler):
    """`GET /control/{id}`: one broadcast, for whoever has its key, which is in the fragment."""

    metric_label = "ControlPage"

    def get(self, stream_id: str) -> None:
        self.render("control.html", stream_id=self.checked_id(stream_id))


class SelfTestPageHandler(PageHandler):
    """`GET /selftest?stream=`: tries which ways to play go on on a phone. The page itself reads the query."""

    metric_label = "SelfTestPage"

    def set_default_headers(self) -> None:
        super().set_default_headers()
        # The page makes a tone of its own, for an element too.
        policy = self._headers["Content-Security-Policy"].replace(MEDIA_SOURCES, f"{MEDIA_SOURCES} blob:")
        self.set_header("Content-Security-Policy", policy)

    def get(self) -> None:
        self.render("selftest.html", version=self.services.version, has_wasm_decoder=self.has_wasm_decoder)

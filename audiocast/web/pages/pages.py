"""Pages for people: the start page, the broadcaster's and the listener's, and QR codes of its link."""

import io
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlencode

import qrcode
from qrcode.image.pure import PyPNGImage
from qrcode.image.svg import SvgPathImage
from tornado.ioloop import IOLoop
from tornado.web import StaticFileHandler

from audiocast.cluster.stream_directory import public
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import CONTENT_SECURITY_POLICY, JsonErrors, PublicHandler
from audiocast.web.pages.embed_code import frame_code, plain_code
from audiocast.web.pages.modules import modules_of
from audiocast.web.public.streams import cluster_state, stream_state_with_history

WASM_DECODER = "player/live/opus-decoder.min.js"
"""libopus as WebAssembly, put among the static files by `make decoder`; a server may be built without it."""

WASM_WORKER = "player/live/wasm_worker.js"
WASM_WORKER_POLICY = "default-src 'none'; script-src 'self' 'unsafe-eval'"
"""Who compiles WebAssembly has to be allowed to, and Safari before 16 knows no milder word for it. So this
worker does it: it reaches nothing but scripts of ours, and the page's own policy stays strict."""

QR_BORDER_MODULES = 4
"""The quiet zone that ISO/IEC 18004 asks for."""

QR_PNG_MODULE_PIXELS = 12
QR_CACHE_LINKS = 512


class PageHandler(PublicHandler):
    """A page of ours, and errors that a person can read."""

    framed_by = "'none'"
    """Who may put it into a frame, in the words of Content-Security-Policy."""

    def set_default_headers(self) -> None:
        """Add what keeps foreign scripts and frames out."""
        super().set_default_headers()
        policy = f"{CONTENT_SECURITY_POLICY}; frame-ancestors {self.framed_by}"
        self.set_header("Content-Security-Policy", policy)
        self.set_header("Cache-Control", "no-cache")

    def get_template_namespace(self) -> dict[str, Any]:
        """Let templates name the modules of their script."""
        folder = Path(self.settings["static_path"])
        return {**super().get_template_namespace(), "modules_of": partial(modules_of, folder)}

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Show a page to browsers, JSON to everybody else."""
        if "text/html" not in self.request.headers.get("Accept", ""):
            super().write_error(status_code, **kwargs)
            return
        error = self.api_error(status_code, kwargs.get("exc_info", (None, None, None))[1])
        self.set_status(error.status)
        self.render("error.html", status=error.status, message=error.message)


class NotFoundHandler(PageHandler):
    """All that has no route."""

    metric_label = "NotFound"

    def prepare(self) -> NoReturn:
        """Say so, whatever the method."""
        super().prepare()
        raise ApiError(404, "not_found", f"nothing is at {self.request.path[:100]}")


class HomeHandler(PageHandler):
    """`GET /`."""

    metric_label = "Home"

    def get(self) -> None:
        """Show the live streams, and how to broadcast."""
        self.render(
            "home.html",
            version=self.services.version,
            base_url=self.services.urls.base(self.request),
        )

    head = get


class BroadcastPageHandler(PageHandler):
    """`GET /broadcast`."""

    metric_label = "BroadcastPage"

    def get(self) -> None:
        """Show the page from which anyone broadcasts."""
        self.render("broadcast.html")

    head = get


class StreamPageHandler(PageHandler):
    """A page of one stream. One that nobody has heard of yet has a page too: its source may come."""

    async def stream(self, stream_id: str) -> dict[str, Any]:
        """Give what templates need of it.

        Raises:
            ApiError: 404, it cannot be one.
        """
        services = self.services
        state = await cluster_state(services, self.checked_id(stream_id))
        if state is None:
            state = stream_state_with_history(services.streams.get_or_waiting(stream_id), services.node)
        base = services.urls.base(self.request)
        return {
            "stream_id": stream_id,
            "title": state["title"],
            "state": public(state),
            "history": state["history"],
            "has_wasm_decoder": Path(self.settings["static_path"], WASM_DECODER).is_file(),
            "base_url": base,
            "embed_url": f"{base}/embed/{stream_id}",
            "listen_url": f"{base}/listen/{stream_id}",
            "stream_url": f"{base}/stream/{stream_id}",
        }


class ListenPageHandler(StreamPageHandler):
    """`GET /listen/{id}`."""

    metric_label = "ListenPage"

    async def get(self, stream_id: str) -> None:
        """Show the page."""
        stream = await self.stream(stream_id)
        listen_url, title = stream["listen_url"], stream["title"]
        self.render(
            "listen.html",
            **stream,
            frame_code=frame_code(stream["embed_url"], title),
            plain_code=plain_code(stream["stream_url"], listen_url, title),
            oembed_url=f"{stream['base_url']}/oembed?{urlencode({'url': listen_url, 'format': 'json'})}",
            moment=_moment,
            qr_svg_url=f"/listen/{stream_id}/qr.svg",
            qr_png_url=f"/listen/{stream_id}/qr.png",
        )

    head = get


class QrHandler(PublicHandler):
    """`GET /listen/{id}/qr.svg` and `.png`."""

    metric_label = "Qr"

    async def get(self, stream_id: str, form: str) -> None:
        """Draw the code of the listen link, beside the event loop: the first time takes milliseconds."""
        link = f"{self.services.urls.base(self.request)}/listen/{self.checked_id(stream_id)}"
        draw = {"svg": draw_svg, "png": draw_png}[form]
        image = await IOLoop.current().run_in_executor(None, draw, link)
        self.set_header("Content-Type", "image/svg+xml" if form == "svg" else "image/png")
        self.set_header("Cache-Control", "public, max-age=3600")
        self.allow_any_origin()
        self.write(image)

    head = get


class AssetHandler(JsonErrors, StaticFileHandler):
    """Styles, scripts and pictures of the pages: checked for a newer version each time, by their ETag."""

    metric_label = "Asset"

    def set_extra_headers(self, path: str) -> None:
        """Say how browsers should treat them."""
        self.set_header("X-Content-Type-Options", "nosniff")
        if not self.get_argument("v", ""):
            self.set_header("Cache-Control", "no-cache")
        if path == WASM_WORKER:
            self.set_header("Content-Security-Policy", WASM_WORKER_POLICY)


@lru_cache(QR_CACHE_LINKS)
def draw_svg(link: str) -> bytes:
    """Give the QR code of a link as SVG."""
    return _draw(link, image_factory=SvgPathImage)


@lru_cache(QR_CACHE_LINKS)
def draw_png(link: str) -> bytes:
    """Give the QR code of a link as PNG."""
    return _draw(link, image_factory=PyPNGImage, box_size=QR_PNG_MODULE_PIXELS)


def _draw(link: str, **options: Any) -> bytes:
    code = qrcode.QRCode(
        error_correction=qrcode.constants.ERROR_CORRECT_M, border=QR_BORDER_MODULES, **options
    )
    code.add_data(link)
    image = io.BytesIO()
    code.make_image().save(image)
    return image.getvalue()


def _moment(unix_seconds: float) -> datetime:
    """Give a time as templates write it, until the page's script puts it into the visitor's zone."""
    return datetime.fromtimestamp(unix_seconds, UTC)

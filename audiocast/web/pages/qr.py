"""`GET /listen/{id}/qr.svg` and `.png`: the listen link as a QR code (ISO/IEC 18004)."""

import io
from functools import lru_cache
from typing import Any

import qrcode
from qrcode.image.pure import PyPNGImage
from qrcode.image.svg import SvgPathImage
from tornado.ioloop import IOLoop

from audiocast.web.http.handlers import PublicHandler

# The quiet zone that the standard asks for.
BORDER_MODULES = 4

PNG_MODULE_PIXELS = 12
CACHED_LINKS = 512


class QrHandler(PublicHandler):
    """The QR code of a stream's listen link, drawn in a thread: the first drawing takes milliseconds."""

    metric_label = "Qr"

    async def get(self, stream_id: str, extension: str) -> None:
        link = f"{self.services.urls.base(self.request)}/listen/{self.checked_id(stream_id)}"
        draw = {"svg": draw_svg, "png": draw_png}[extension]
        image = await IOLoop.current().run_in_executor(None, draw, link)
        self.set_header("Content-Type", "image/svg+xml" if extension == "svg" else "image/png")
        self.set_header("Cache-Control", "public, max-age=3600")
        self.allow_any_origin()
        self.write(image)

    head = get


@lru_cache(CACHED_LINKS)
def draw_svg(link: str) -> bytes:
    """Return the QR code of a link as SVG."""
    return _draw(link, image_factory=SvgPathImage)


@lru_cache(CACHED_LINKS)
def draw_png(link: str) -> bytes:
    """Return the QR code of a link as PNG."""
    return _draw(link, image_factory=PyPNGImage, box_size=PNG_MODULE_PIXELS)


def _draw(link: str, **options: Any) -> bytes:
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=BORDER_MODULES, **options)
    code.add_data(link)
    image = io.BytesIO()
    code.make_image().save(image)
    return image.getvalue()

"""`GET /listen/{id}/qr.svg` and `.png`: the listen link as a QR code (ISO/IEC 18004).

With `?token=`, of a private stream and good, the code is of the link with this token.
"""

import io
from typing import Any

from audiocast.web.http.clients import Rate
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import PublicHandler
from audiocast.web.pages.drawings import Drawings

# The quiet zone that the standard asks for.
BORDER_MODULES = 4

PNG_MODULE_PIXELS = 12

# What version 15 holds of bytes with error correction M (ISO/IEC 18004, table 7). The longest link of ours
# has 335: a host of 255 and an id of 64. Version 40 would take twenty times as long.
MAX_LINK_BYTES = 412


class QrHandler(PublicHandler):
    """The QR code of a stream's listen link: where that is for this computer alone, of the one for others."""

    metric_label = "Qr"

    async def get(self, stream_id: str, extension: str) -> None:
        urls = self.services.urls
        base = urls.local_base(self.request) or urls.base(self.request)
        link = f"{base}/listen/{self.checked_id(stream_id)}"
        token = self.get_query_argument("token", "")
        has_token = bool(token) and self.services.listen_gate.check(stream_id, token) is not None
        if has_token:
            link += f"?token={token}"
        draw = {"svg": draw_svg, "png": draw_png}[extension]
        if len(link) > MAX_LINK_BYTES:
            raise ApiError(404, "link_too_long", f"expected a link of at most {MAX_LINK_BYTES} bytes")
        drawings: Drawings = self.settings["qr_drawings"]
        if not drawings.has(draw, link):
            self.services.clients.charge(self.request, Rate.QR_CODES)
        image = await drawings.draw(draw, link)
        self.set_header("Content-Type", "image/svg+xml" if extension == "svg" else "image/png")
        self.set_header("Cache-Control", "private, no-store" if has_token else self._cache_control())
        self.allow_any_origin()
        self.write(image)

    def _cache_control(self) -> str:
        urls = self.services.urls
        # An address in the local network changes with the network.
        seconds = 10 if urls.is_for_this_computer(self.request) else 3600
        return f"{urls.cache_scope}, max-age={seconds}"


# The thread that draws imports what it draws with: a server that draws nothing starts without it, and without
# Pillow, which qrcode imports where that is installed.


def draw_svg(link: str) -> bytes:
    """Return the QR code of a link as SVG."""
    from qrcode.image.svg import SvgPathImage

    return _draw(link, image_factory=SvgPathImage)


def draw_png(link: str) -> bytes:
    """Return the QR code of a link as PNG."""
    from qrcode.image.pure import PyPNGImage

    return _draw(link, image_factory=PyPNGImage, box_size=PNG_MODULE_PIXELS)


def _draw(link: str, **options: Any) -> bytes:
    import qrcode

    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=BORDER_MODULES, **options)
    code.add_data(link)
    image = io.BytesIO()
    code.make_image().save(image)
    return image.getvalue()

"""`GET /api/openapi.json`: what the public API promises, for programs that read OpenAPI."""

from audiocast.web.http.handlers import PublicHandler
from audiocast.web.http.json_text import encode_json
from audiocast.web.pages.drawings import Drawings


class OpenApiHandler(PublicHandler):
    """The document, which is the same until the server has another version."""

    metric_label = "OpenApi"

    async def get(self) -> None:
        drawings: Drawings = self.settings["icon_drawings"]
        document = await drawings.draw(_made, self.services.version)
        self.allow_any_origin()
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        # It is asked for again by its ETag, as a static file is.
        self.set_header("Cache-Control", "no-cache")
        self.write(document)


def _made(version: str) -> bytes:
    """Return the document; it takes some 50 ms, for which no audio should wait."""
    from audiocast.web.contract.document import openapi

    return encode_json(openapi(version)) + b"\n"

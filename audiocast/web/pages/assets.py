"""`GET /static/...`: styles, scripts and pictures of the pages."""

from tornado.web import HTTPError, StaticFileHandler

from audiocast.web.http.handlers import JsonErrors
from audiocast.web.http.raw_response import PUBLIC_HEADERS

# libopus as WebAssembly, put among the static files by `make decoder`; a server may be built without it.
WASM_DECODER = "player/live/opus-decoder.min.js"

WASM_WORKER = "player/live/wasm_worker.js"

# A script that compiles WebAssembly needs a permission, for which Safari before 16 knows no milder word. So
# this worker does it: it reaches nothing but scripts of ours, and the page's own policy stays strict.
WASM_WORKER_POLICY = "default-src 'none'; script-src 'self' 'unsafe-eval'"


class AssetHandler(JsonErrors, StaticFileHandler):
    """A static file, also what browsers and crawlers ask for at the root.

    Browsers ask for a newer version each time, by its ETag, unless its URL names one.
    """

    metric_label = "Asset"

    def set_default_headers(self) -> None:
        for name, value in PUBLIC_HEADERS.items():
            self.set_header(name, value)

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """Return the file's path.

        Raises:
            HTTPError: 403 or 404; there is no such file to be had.
        """
        try:
            return super().validate_absolute_path(root, absolute_path)
        except ValueError:
            # The name can be no file's: it has a zero byte in it.
            raise HTTPError(404) from None

    async def get(self, path: str, include_body: bool = True) -> None:
        await super().get(path, include_body)
        if self.get_status() == 416:
            # Tornado's own has no body, and says that it is a text.
            self.write_error(416)

    async def head(self, path: str) -> None:
        # Tornado's own reads no file, so that its headers are those of a file that is not compressed.
        await self.get(path)

    def set_extra_headers(self, path: str) -> None:
        if not self.get_argument("v", ""):
            self.set_header("Cache-Control", "no-cache")
        if path == WASM_WORKER:
            self.set_header("Content-Security-Policy", WASM_WORKER_POLICY)

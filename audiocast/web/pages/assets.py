"""`GET /static/...`: styles, modules, pictures of the pages. `GET /scripts/...`: a page's modules as one."""

from asyncio import Future
from pathlib import Path

from tornado.web import HTTPError, StaticFileHandler

from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import JsonErrors, PublicHandler
from audiocast.web.http.raw_response import PUBLIC_HEADERS
from audiocast.web.pages.modules import NoSuchScript, joined

# libopus as WebAssembly, put among the static files by `make decoder`; a server may be built without it.
WASM_DECODER = "player/live/opus-decoder.min.js"

WASM_WORKER = "player/live/wasm_worker.js"

# A script that compiles WebAssembly needs a permission, for which Safari before 16 knows no milder word. So
# this worker does it: it reaches nothing but scripts of ours, and the page's own policy stays strict.
WASM_WORKER_POLICY = "default-src 'none'; script-src 'self' 'unsafe-eval'"

# Of a script whose URL names its version.
KEPT = f"public, max-age={365 * 86_400}, immutable"


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

    def flush(self, include_footers: bool = False) -> "Future[None]":
        """Send the file as one piece, with the end of the response, so that it is compressed as one."""
        if include_footers:
            return super().flush(include_footers)
        done: Future[None] = Future()
        done.set_result(None)
        return done

    def set_extra_headers(self, path: str) -> None:
        if not self.get_argument("v", ""):
            self.set_header("Cache-Control", "no-cache")
        if path == WASM_WORKER:
            self.set_header("Content-Security-Policy", WASM_WORKER_POLICY)


class ScriptHandler(PublicHandler):
    """`GET /scripts/PATH?v=`: the script at PATH below /static, and all modules that it imports, as one.

    A page needs it before it is of use, and each further request costs a phone a round trip.
    """

    metric_label = "Script"

    def get(self, path: str) -> None:
        try:
            script = joined(Path(self.settings["static_path"]), path)
        except NoSuchScript:
            raise ApiError(404, "not_found", f"no page has the script {path[:100]}") from None
        self.set_header("Content-Type", "text/javascript; charset=UTF-8")
        is_current = self.get_query_argument("v", "") == script.version
        self.set_header("Cache-Control", KEPT if is_current else "no-cache")
        self.write(script.text)

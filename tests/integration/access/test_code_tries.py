"""Tries of a private stream's code are bounded, also where a trusted proxy names no client."""

from contextlib import ExitStack
from pathlib import Path

import requests

from audiocast.web.http.clients import UNNAMED_SHARE
from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.source import PacedSource
from tests.support.processes.server import AudiocastServer, Started

NAMED = {"X-Forwarded-For": "192.0.2.7"}


def test_tries_of_a_stream_that_no_proxy_names_are_bounded(tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(
            AudiocastServer(tmp_path / "server.log", MAX_WRONG_PASSWORDS_PER_CLIENT=1)
        )
        first, second = (
            server.start_stream(visibility="private", access_code="open sesame") for _ in range(2)
        )
        for each in (first, second):
            stack.enter_context(PacedSource(each.keyed_url, numbered_audio(seconds=120)))
            server.wait_until_live(each)

        def answer(started: Started, code: str, headers: dict[str, str] | None = None) -> int:
            url = f"{started.listen_url}/code"
            return requests.post(
                url,
                headers={"Accept": "text/html", **(headers or {})},
                data={"code": code},
                timeout=15,
                allow_redirects=False,
            ).status_code

        # Right ones take nothing of it.
        assert [answer(first, "Open Sesame") for _ in range(UNNAMED_SHARE + 5)] == [303] * (UNNAMED_SHARE + 5)
        assert [answer(first, "wrong") for _ in range(UNNAMED_SHARE)] == [401] * UNNAMED_SHARE
        assert [answer(first, "wrong"), answer(first, "Open Sesame")] == [429, 429]
        assert [answer(second, "wrong"), answer(second, "Open Sesame")] == [401, 303]
        # Who is named has a budget of its own.
        assert [answer(first, "Open Sesame", NAMED), answer(first, "wrong", NAMED)] == [303, 401]
        assert answer(first, "wrong", NAMED) == 429

"""Tokens of an identity provider open private streams: of an OpenID provider that runs here too."""

import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.audio.numbered_audio import numbered_audio
from tests.support.http.http_stand_in import serving
from tests.support.http.listener import Listener
from tests.support.http.source import PacedSource
from tests.support.identity.provider import AUDIENCE, Provider
from tests.support.network.ports import free_port
from tests.support.processes.server import AudiocastServer, Started


@pytest.fixture(scope="module")
def provider() -> Provider:
    return Provider()


@pytest.fixture(scope="module")
def on_air(
    provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[AudiocastServer, Started]]:
    with ExitStack() as stack:
        base = stack.enter_context(serving(provider.respond))
        log = tmp_path_factory.mktemp("server") / "server.log"
        server = stack.enter_context(
            AudiocastServer(
                log,
                LISTEN_JWT_JWKS=f"{base}/jwks",
                LISTEN_JWT_AUDIENCE=AUDIENCE,
                LISTEN_JWT_ISSUER="https://id.example",
                HEADER_WAIT_TIMEOUT=0.3,
            )
        )
        yield server, stack.enter_context(private_stream(server))


@contextmanager
def private_stream(server: AudiocastServer) -> Iterator[Started]:
    """Put a private stream on the air while a `with` block runs."""
    started = server.start_stream(title="Ours", visibility="private")
    with PacedSource(started.keyed_url, numbered_audio(seconds=300)):
        server.wait_until_live(started)
        yield started


def status(on_air: tuple[AudiocastServer, Started], token: str) -> int:
    server, started = on_air
    url = f"{server.base}/stream/{started.stream_id}"
    headers = {"Authorization": f"Bearer {token}"}
    with requests.get(url, headers=headers, timeout=15, stream=True) as answer:
        return answer.status_code


GOOD = {"iss": "https://id.example"}


def test_a_token_opens_the_stream(on_air: tuple[AudiocastServer, Started], provider: Provider) -> None:
    assert status(on_air, provider.token(**GOOD)) == 200
    assert status(on_air, provider.token("curve", **GOOD)) == 200
    stream_id = on_air[1].stream_id
    named: dict[str, Any] = {"audiocast_streams": [stream_id, "another"], **GOOD}
    assert status(on_air, provider.token(**named)) == 200
    assert status(on_air, provider.token(**(named | {"audiocast_streams": stream_id}))) == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "shop"},
        {"aud": None},
        {"exp": None},
        {"exp": 1},
        {"iss": "https://other.example"},
        {"audiocast_streams": ["another"]},
        {"audiocast_streams": []},
        {"audiocast_streams": {"all": True}},
        {"nbf": 4_000_000_000},
        {"iat": "yesterday"},
    ],
)
def test_a_token_that_is_not_for_this_is_none(
    on_air: tuple[AudiocastServer, Started], provider: Provider, claims: dict[str, Any]
) -> None:
    assert status(on_air, provider.token(**(GOOD | claims))) == 404


def test_a_forged_token_is_none(on_air: tuple[AudiocastServer, Started], provider: Provider) -> None:
    stranger = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    assert status(on_air, provider.token(key=stranger, **GOOD)) == 404
    assert status(on_air, provider.token(key="", algorithm="none", **GOOD)) == 404
    secret = "a shared secret of thirty-two bytes"
    assert status(on_air, provider.token(key=secret, algorithm="HS256", **GOOD)) == 404
    for text in ("a.b.c", "..", provider.token(**GOOD)[:-4], "x" * 9000, "é.é.é"):
        assert status(on_air, text.encode("utf-8", "replace").decode("latin-1")) == 404


def test_made_up_keys_do_not_have_the_provider_asked_each_time(
    on_air: tuple[AudiocastServer, Started], provider: Provider
) -> None:
    stranger = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    asked = provider.asked
    for number in range(5):
        assert status(on_air, provider.token(f"made-up-{number}", key=stranger, **GOOD)) == 404
    assert provider.asked <= asked + 1


def test_a_session_ends_with_its_token(on_air: tuple[AudiocastServer, Started], provider: Provider) -> None:
    server, started = on_air
    token = provider.token(exp=time.time() + 2, **GOOD)
    with Listener(server.port, f"/stream/{started.stream_id}?token={token}") as listener:
        assert listener.wait_for_end(15).pages[-1].is_eos
    log = server.log.read_text()
    assert token not in log


def test_an_openid_provider_that_runs_here(tmp_path: Path) -> None:
    port = free_port()
    provider = subprocess.Popen(
        [Path(sys.executable).with_name("oidc-provider-mock"), "--port", str(port)],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        settings = answer_of(f"http://localhost:{port}/.well-known/openid-configuration")
        with (
            AudiocastServer(
                tmp_path / "server.log",
                LISTEN_JWT_JWKS=settings["jwks_uri"],
                LISTEN_JWT_AUDIENCE=AUDIENCE,
                LISTEN_JWT_ISSUER=settings["issuer"],
                HEADER_WAIT_TIMEOUT=0.3,
            ) as server,
            private_stream(server) as started,
        ):
            id_token = log_in(settings)
            assert status((server, started), id_token) == 200
            assert status((server, started), id_token[:-6] + "AAAAAA") == 404
    finally:
        provider.terminate()
        provider.wait(30)


def answer_of(url: str) -> dict[str, str]:
    """Give the JSON that a program says when it has started."""
    deadline = time.monotonic() + 60
    while True:
        try:
            said: dict[str, str] = requests.get(url, timeout=10).json()
            return said
        except requests.ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def log_in(settings: dict[str, str]) -> str:
    """Go a listener's way through the provider (OpenID Connect Core, section 3.1); give the ID token."""
    back = "https://radio.example/in"
    asked = {"client_id": AUDIENCE, "redirect_uri": back, "response_type": "code", "scope": "openid"}
    page = f"{settings['authorization_endpoint']}?{urllib.parse.urlencode(asked)}"
    sent = requests.post(page, data={"sub": "anna"}, allow_redirects=False, timeout=30)
    query = urllib.parse.urlsplit(sent.headers["Location"]).query
    form = {
        "grant_type": "authorization_code",
        "code": urllib.parse.parse_qs(query)["code"][0],
        "redirect_uri": back,
        "client_id": AUDIENCE,
        "client_secret": "any",
    }
    return str(requests.post(settings["token_endpoint"], data=form, timeout=30).json()["id_token"])

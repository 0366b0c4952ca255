"""The threads of handshakes: the event loop comes before them."""

import os
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import Mock

import pytest

from audiocast.web.http.tls.handshakes import Handshakes


async def test_the_event_loop_comes_before_a_crowds_handshakes(monkeypatch: pytest.MonkeyPatch) -> None:
    pools = Mock(side_effect=ThreadPoolExecutor)
    monkeypatch.setattr("audiocast.web.http.tls.handshakes.ThreadPoolExecutor", pools)
    own = os.getpriority(os.PRIO_PROCESS, 0)
    shaking = Handshakes(
        lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
        Mock(),
        on_done=Mock(),
        answer_plain_http=Mock(),
        count=Mock(),
    )
    seen: list[int] = []

    def look() -> None:
        pools.call_args.kwargs["initializer"]()
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    await shaking.close()
    assert seen == [min(19, own + 10)]
    assert os.getpriority(os.PRIO_PROCESS, 0) == own

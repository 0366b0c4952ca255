"""An S3 server on the loopback address that writes on conditions: moto's, in a process of its own."""

import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import DEVNULL, Popen

from tests.support.network.ports import free_port

START_SECONDS = 60.0

# It takes any.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}


@contextmanager
def s3_server(bucket: str) -> Iterator[dict[str, str]]:
    """Run it with an empty bucket; give the environment of its clients."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]
    process = Popen(command, stdout=DEVNULL, stderr=DEVNULL)
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                urllib.request.urlopen(urllib.request.Request(f"{url}/{bucket}", method="PUT"), timeout=10)
                break
            except (urllib.error.URLError, ConnectionError) as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"expected an S3 server, got {error}") from error
                time.sleep(0.1)
        yield {**CREDENTIALS, "AWS_ENDPOINT_URL": url}
    finally:
        process.terminate()
        process.wait(20)

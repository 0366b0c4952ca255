"""Signs requests to the pods' internal port, as members sign theirs.

`Audiocast-Signature: TIME NAME MAC`, where the MAC is over method, target, time and name, with a key that is
derived from the cluster's secret. The server accepts a clock that is up to a minute off.
"""

import base64
import hashlib
import hmac

HEADER = "Audiocast-Signature"
NAME = "audiocast-operator"

_PURPOSE = b"audiocast internal"


def sign(secret: str, method: str, target: str, unix_seconds: float) -> str:
    """Return the value of the header.

    Args:
        secret: The first of the cluster's secrets.
        method: The HTTP method, in capitals.
        target: Path and query, exactly as in the request line.
        unix_seconds: The present time.
    """
    key = hmac.digest(secret.encode(), _PURPOSE, hashlib.sha256)
    time = str(int(unix_seconds))
    message = "\0".join((method, target, time, NAME)).encode()
    mac = base64.urlsafe_b64encode(hmac.digest(key, message, hashlib.sha256)).rstrip(b"=").decode()
    return f"{time} {NAME} {mac}"

"""Signs requests to the pods' internal port, as members sign theirs. The server shares only the format.

`Audiocast-Signature: TIME NAME MAC`, where the MAC is over method, target, time and name, with a key that is
made of the cluster's secret. Clocks may differ by a minute.
"""

import base64
import hashlib
import hmac

HEADER = "Audiocast-Signature"
NAME = "audiocast-operator"

_PURPOSE = b"audiocast internal"


def sign(secret: str, method: str, target: str, unix_seconds: float) -> str:
    """Give the header's value.

    Args:
        secret: The cluster's current one.
        method: Of the request.
        target: Path and query, as they are sent.
        unix_seconds: Now.
    """
    key = hmac.digest(secret.encode(), _PURPOSE, hashlib.sha256)
    time = str(int(unix_seconds))
    message = "\0".join((method, target, time, NAME)).encode()
    mac = base64.urlsafe_b64encode(hmac.digest(key, message, hashlib.sha256)).rstrip(b"=").decode()
    return f"{time} {NAME} {mac}"

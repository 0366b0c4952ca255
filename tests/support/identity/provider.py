"""An OpenID provider as a server sees it: the keys that it publishes, and tokens that they have signed."""

import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

AUDIENCE = "radio"

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Provider:
    """Has a key `first` for RS256 and one, `curve`, for ES256.

    Attributes:
        asked: How often its keys were fetched.
        keys: Its private keys, by their ids.
    """

    def __init__(self) -> None:
        self.asked = 0
        self.keys: dict[str, Key] = {}
        self.add_rsa("first")
        self.keys["curve"] = ec.generate_private_key(ec.SECP256R1())

    def add_rsa(self, key_id: str) -> None:
        """Begin to sign with another key for RS256."""
        self.keys[key_id] = rsa.generate_private_key(public_exponent=65_537, key_size=2048)

    def respond(self, method: str, path: str, body: bytes) -> bytes:
        """Give the set of its public keys (RFC 7517): for `http_stand_in.serving`."""
        self.asked += 1
        published = []
        for key_id, key in self.keys.items():
            kind: Any = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
            published.append(kind.to_jwk(key.public_key(), as_dict=True) | {"kid": key_id})
        return json.dumps({"keys": published}).encode()

    def token(self, key_id: str = "first", *, key: Any = None, algorithm: str = "", **claims: Any) -> str:
        """Return a token for `AUDIENCE` that lasts for a minute.

        Args:
            key_id: Which of the keys signs, and what the head of the token names.
            key: Signs in place of that one.
            algorithm: In place of the one that belongs to the key.
            claims: Beside its own, or in their place; None leaves one out.
        """
        key = key if key is not None else self.keys[key_id]
        algorithm = algorithm or ("RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256")
        said = {"aud": AUDIENCE, "sub": "anna", "exp": time.time() + 60} | claims
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(said, key, algorithm=algorithm, headers={"kid": key_id})

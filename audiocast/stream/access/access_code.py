"""Access codes: a private stream's other way in, for people who hear or read it and type it.

A code that the server makes is three words that do not exist, such as `bakola-tiremu-sonavi`: each is three
syllables, and each syllable is said the same in nearly all languages. That is 2^55 codes, and each client may
try few.
"""

import hmac
import re
import secrets

# Without those that are said or written in more than one way: c, h, j, q, w, x and y.
CONSONANTS = "bdfgklmnprstvz"
VOWELS = "aeiou"

WORDS = 3
SYLLABLES = 3

# A code that a broadcaster chooses is told by the same rules: no guess of a few tries finds it.
MIN_CHARACTERS = 6
MAX_CHARACTERS = 64

_SEPARATORS = re.compile(r"[\s\-_.,]+")


def make_code() -> str:
    """Return a new code."""
    return "-".join(
        "".join(secrets.choice(CONSONANTS) + secrets.choice(VOWELS) for _ in range(SYLLABLES))
        for _ in range(WORDS)
    )


def plain_code(code: str) -> str:
    """Return a code as it is compared: lower case, with one hyphen wherever people put something between."""
    return _SEPARATORS.sub("-", code.strip().casefold())[:MAX_CHARACTERS].strip("-")


def is_same_code(given: str, code: str) -> bool:
    """Return whether somebody has typed a code, in a time that does not depend on how much of it fits."""
    return bool(code) and hmac.compare_digest(plain_code(given).encode(), plain_code(code).encode())

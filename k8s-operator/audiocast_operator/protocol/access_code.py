"""Access codes, which open a private stream to those who type them; the server makes such ones, too.

Three words that do not exist, such as `bakola-tiremu-sonavi`: 2^55 of them, and each is said the same in
nearly all languages.
"""

import re
import secrets

CONSONANTS = "bdfgklmnprstvz"
VOWELS = "aeiou"
WORDS = 3
SYLLABLES = 3

MIN_CHARACTERS = 6
MAX_CHARACTERS = 64

_SEPARATORS = re.compile(r"[\s\-_.,]+")


def make_code() -> str:
    """Return a new code."""
    return "-".join(
        "".join(secrets.choice(CONSONANTS) + secrets.choice(VOWELS) for _ in range(SYLLABLES))
        for _ in range(WORDS)
    )


def is_usable(code: str) -> bool:
    """Return whether the server takes a code: what people need not type does not count as its length."""
    plain = _SEPARATORS.sub("-", code.strip().casefold()).strip("-")
    return len(plain) >= MIN_CHARACTERS and len(code) <= MAX_CHARACTERS

"""Tokens with a share claim what they were made with, for as long as they say, and cannot be made up."""

import pytest

from audiocast.stream.access.listen_tokens import ListenClaims, ListenTokens
from audiocast.stream.access.signed_claims import SignedClaims
from audiocast.stream.access.tenant_tokens import (
    MAX_NAME_CHARACTERS,
    MAX_PREFIX_CHARACTERS,
    MAX_TOKEN_CHARACTERS,
    Share,
    TenantClaims,
    TenantTokens,
)
from audiocast.stream.keys import Claims, Keys

SECRET, OTHER = "a-secret-for-tests-1", "a-secret-for-tests-2"
CLAIMS = TenantClaims("Acme", "acme-", 3, 100, 128, 2_000_000_000)


def test_a_token_claims_what_it_was_made_with() -> None:
    token = TenantTokens([SECRET]).make(CLAIMS)
    assert token.startswith("at1.")
    assert TenantTokens([OTHER, SECRET]).read(token, 1_999_999_999) == CLAIMS
    assert CLAIMS.share == Share("acme-", 3)
    least = TenantClaims("a", "a-")
    assert TenantTokens([SECRET]).read(TenantTokens([SECRET]).make(least), 4e9) == least


def test_it_expires() -> None:
    token = TenantTokens([SECRET]).make(CLAIMS)
    assert TenantTokens([SECRET]).read(token, 2_000_000_000) is None


def test_the_longest_is_read_whole() -> None:
    longest = TenantClaims(
        "\N{GRINNING FACE}" * MAX_NAME_CHARACTERS,
        "p" * MAX_PREFIX_CHARACTERS,
        10**9,
        10**9,
        10**9,
        4_000_000_000,
    )
    token = TenantTokens([SECRET]).make(longest)
    assert len(token) <= MAX_TOKEN_CHARACTERS
    assert TenantTokens([SECRET]).read(token, 0) == longest


@pytest.mark.parametrize("made_by", ["other secret", "key", "listen token", "changed", "empty", "its MAC"])
def test_nothing_else_is_one(made_by: str) -> None:
    good = TenantTokens([SECRET]).make(CLAIMS)
    claims = good.split(".")[1]
    text = {
        "other secret": TenantTokens([OTHER]).make(CLAIMS),
        "key": Keys([SECRET]).make("", Claims(title="x")),
        "listen token": ListenTokens([SECRET]).make("", ListenClaims(label="x")),
        "changed": good.replace(claims, claims[:-1] + ("A" if claims[-1] != "A" else "B")),
        "empty": "",
        # The same claims, signed for another purpose.
        "its MAC": SignedClaims("at1", b"audiocast ingest", [SECRET.encode()], 999).sign("", {"n": "Acme"}),
    }[made_by]
    assert TenantTokens([SECRET]).read(text, 0) is None


def test_a_key_carries_the_bounds() -> None:
    claims = Claims(max_listeners=5, share=Share("acme-", 3), max_kbps=128)
    assert Keys([SECRET]).check("acme-1", Keys([SECRET]).make("acme-1", claims), 0) == claims

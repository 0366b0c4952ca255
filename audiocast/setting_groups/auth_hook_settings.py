"""The settings of who else is asked whether somebody may listen or broadcast: see `settings`."""

from importlib.util import find_spec
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, SecretStr, field_validator, model_validator
from pydantic_settings import CliSuppress

# Of a Bearer token.
MAX_TOKEN_CHARACTERS = 1024


def _checked_url(value: str) -> str:
    """Return a URL that can be asked; an empty one asks nobody."""
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None):
        raise ValueError("expected an http or https URL without a user name")
    return value


HookUrl = Annotated[str, AfterValidator(_checked_url)]


class AuthHookSettings(BaseModel):
    """Programs and identity providers of the station that decide who may listen and who may broadcast."""

    listen_auth_url: HookUrl = Field(
        default="",
        max_length=2048,
        description="Asked by a POST for each listener that joins (docs/station/auth-hooks.md). Empty: "
        "nobody is.",
    )
    source_auth_url: HookUrl = Field(
        default="",
        max_length=2048,
        description="Asked by a POST for each source whose password is no key of this server. Empty: nobody "
        "is.",
    )
    auth_hook_token: CliSuppress[SecretStr] = Field(
        default=SecretStr(""), description="Sent to both as a Bearer token. Empty: none is."
    )
    auth_hook_format: Literal["json", "icecast"] = Field(
        default="json", description="json: objects. icecast: the form of Icecast's URL authentication."
    )
    auth_hook_timeout_seconds: float = Field(
        default=3.0, gt=0, le=30, description="How long an answer may take; then it counts as none."
    )
    auth_hook_cache_seconds: float = Field(
        default=10.0, ge=0, le=3600, description="How long an answer is good for the same question."
    )
    auth_hook_failure: Literal["closed", "open"] = Field(
        default="closed", description="Without an answer listeners and sources are let in (open), or not."
    )
    listen_jwt_jwks: HookUrl = Field(
        default="",
        max_length=2048,
        description="URL of the keys (JWKS) of an identity provider, whose tokens open private streams. "
        "Needs the extra jwt.",
    )
    listen_jwt_audience: str = Field(
        default="", max_length=200, description="The aud that such a token must have. With LISTEN_JWT_JWKS."
    )
    listen_jwt_issuer: str = Field(
        default="", max_length=2048, description="The iss that such a token must have. Empty: any."
    )

    @field_validator("auth_hook_token")
    @classmethod
    def _is_a_token(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if len(text) > MAX_TOKEN_CHARACTERS or not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError(
                f"expected a text without spaces, in ASCII, of at most {MAX_TOKEN_CHARACTERS} characters"
            )
        return value

    @model_validator(mode="after")
    def _jwt_is_installed(self) -> Self:
        if self.listen_jwt_jwks and find_spec("jwt") is None:
            raise ValueError("LISTEN_JWT_JWKS needs PyJWT: pip install 'audiocast[jwt]'")
        return self

    @model_validator(mode="after")
    def _audience_of_tokens(self) -> Self:
        if self.listen_jwt_jwks and not self.listen_jwt_audience:
            raise ValueError(
                "LISTEN_JWT_JWKS needs LISTEN_JWT_AUDIENCE: else a token that the identity provider has made "
                "for any other program opens private streams"
            )
        return self

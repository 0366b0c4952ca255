"""The settings of what one client may take: see `settings`, which they are a part of.

What counts as one client: `web.http.clients`. 0 is no bound.
"""

from pydantic import BaseModel, Field


class ClientBudgetSettings(BaseModel):
    """What the clients of one address have at a time, or do in a minute."""

    max_listeners_per_client: int = Field(
        default=2_000,
        ge=0,
        description="Listeners of one address at a time: a school, or a whole mobile network, may share it. "
        "0: no bound, as for all budgets of clients.",
    )
    max_waiting_listeners_per_client: int = Field(
        default=200, ge=0, description="Those of them that wait for a stream that is not on."
    )
    max_event_streams_per_client: int = Field(
        default=2_000, ge=0, description="Pages of one address that are told of changes, at a time."
    )
    max_hls_muxers_per_client: int = Field(
        default=10, ge=0, description="Streams at a time that are HLS because one address has asked first."
    )
    max_sources_per_client: int = Field(
        default=20, ge=0, description="Sources of one address that are connected at a time."
    )
    max_converted_sources_per_client: int = Field(
        default=5, ge=0, description="Those of them that send another format than Ogg Opus."
    )
    max_handshakes_per_client: int = Field(
        default=200, ge=0, description="Connections of one address that begin to speak TLS, at a time."
    )
    max_starts_per_client: int = Field(
        default=30, ge=0, description="Streams that one address starts in a minute, without an API token."
    )
    max_unknown_ids_per_client: int = Field(
        default=600,
        ge=0,
        description="Questions of one address in a minute about streams that are not there; each goes "
        "to all members of a cluster.",
    )
    max_qr_codes_per_client: int = Field(
        default=60, ge=0, description="New QR codes that are drawn for one address in a minute."
    )
    max_covers_per_client: int = Field(
        default=60,
        ge=0,
        description="Covers of one address in a minute: new ones drawn as PNG, pictures given.",
    )
    max_wrong_passwords_per_client: int = Field(
        default=30,
        ge=0,
        description="Wrong passwords of aliases, and wrong access codes, of one address in a minute.",
    )

"""The server's settings that an AudioCast may set, and what their values look like.

The server reads them itself; they are written here a second time, so that a cluster refuses at once what no
pod could start with. tests/operator/test_contract.py holds them to the server's own.
"""

# Settings of the server that the operator sets by itself.
OWNED_SETTINGS = (
    "HOST",
    "PORT",
    "INTERNAL_HOST",
    "INTERNAL_PORT",
    "NODE_NAME",
    "PEERS",
    "SECRET_KEYS",
    "API_TOKENS",
    "WEBHOOK_URLS",
    "WEBHOOK_SECRETS",
    "REQUIRE_API_TOKENS",
    "STREAM_DOMAIN",
    "STREAM_SCHEME",
    "DRAIN_SECONDS",
    "TLS_CERTIFICATE",
    "TLS_KEY",
    "TLS_PORT",
    "HTTPS_REDIRECT_PORT",
    "STREAM_RULES_FILE",
    "WEBHOOK_TARGETS_FILE",
)

# Settings that are of no use here: several processes are no member of a cluster, members ask DNS, and pods
# get no file of an Icecast server's. A secret does not stand in a resource that all may read.
UNUSED_SETTINGS = (
    "AUTH_HOOK_TOKEN",
    "WORKERS",
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
    "KUBERNETES_ACCOUNT",
    "ALIASES_FILE",
    # In a cluster no source stands by, and no loop file is played.
    "FALLBACK_FOLDER",
    "FALLBACK_RETURN_SECONDS",
)

WHOLE_NUMBERS = (
    "PREROLL_MAX_BYTES",
    "FLUSH_INTERVAL_MS",
    "MAX_LISTENERS",
    "MAX_WAITING_LISTENERS",
    "MAX_LISTENERS_PER_CLIENT",
    "MAX_WAITING_LISTENERS_PER_CLIENT",
    "MAX_EVENT_STREAMS_PER_CLIENT",
    "MAX_HLS_MUXERS_PER_CLIENT",
    "MAX_SOURCES_PER_CLIENT",
    "MAX_CONVERTED_SOURCES_PER_CLIENT",
    "MAX_HANDSHAKES_PER_CLIENT",
    "MAX_STARTS_PER_CLIENT",
    "MAX_UNKNOWN_IDS_PER_CLIENT",
    "MAX_QR_CODES_PER_CLIENT",
    "MAX_COVERS_PER_CLIENT",
    "MAX_WRONG_PASSWORDS_PER_CLIENT",
    "MAX_STREAMS",
    "MAX_INGEST_KBPS",
    "FORMAT_WORKERS",
    "INGEST_KBPS",
    "MAX_CONVERTED_SOURCES",
    "MAX_LOG_REPEATS",
    "RECORDING_MEMORY_BYTES",
    "RECORDING_SPOOL_BYTES",
    "RECORDINGS_KEEP_BYTES",
)
NUMBERS = (
    "PREROLL_SECONDS",
    "BACKLOG_SECONDS",
    "HEADER_WAIT_TIMEOUT",
    "ACTIVE_THRESHOLD_SEC",
    "SOURCE_GRACE_SECONDS",
    "LISTENER_LAG_SECONDS",
    "LISTENER_STALL_SECONDS",
    "MAX_EGRESS_MBPS",
    "MAX_LOOP_LAG_MS",
    "INGEST_LEAD_SECONDS",
    "AUDIENCE_FLUSH_SECONDS",
    "AUTH_HOOK_TIMEOUT_SECONDS",
    "AUTH_HOOK_CACHE_SECONDS",
    "RECORDING_CHUNK_SECONDS",
    "SHOW_GAP_SECONDS",
    "RECORDINGS_KEEP_DAYS",
)
CHOICES = {
    "TRUST_FORWARDED_HOST": ("true", "false"),
    "LIST_STREAMS": ("opt-in", "all", "none"),
    "LOG_FORMAT": ("auto", "json", "console"),
    "LOG_LEVEL": ("debug", "info", "warning", "error"),
    "AUDIENCE_FORMAT": ("json", "icecast"),
    "AUDIENCE_ADDRESS": ("none", "prefix", "full"),
    "AUTH_HOOK_FORMAT": ("json", "icecast"),
    "AUTH_HOOK_FAILURE": ("closed", "open"),
    "RECORD": ("opt-in", "all", "none"),
}
TEXTS = (
    "ACCESS_RULES_FILE",
    "TRUSTED_PROXIES",
    "WEBHOOK_EVENTS",
    "WEBHOOK_ALLOW_PRIVATE",
    "AUDIENCE_LOG",
    "INGEST_FORMATS",
    "LISTEN_AUTH_URL",
    "SOURCE_AUTH_URL",
    "LISTEN_JWT_JWKS",
    "LISTEN_JWT_AUDIENCE",
    "LISTEN_JWT_ISSUER",
    "RECORDINGS_URL",
    "RECORDING_SPOOL",
)
KNOWN_SETTINGS = (*WHOLE_NUMBERS, *NUMBERS, *CHOICES, *TEXTS)


def settings_rules() -> list[tuple[str, str]]:
    """Return the rules for settings, each in CEL with its message."""
    owned, known = list(OWNED_SETTINGS), list(KNOWN_SETTINGS)
    return [
        (f"!self.exists(name, name in {owned})", f"the operator sets these by itself: {', '.join(owned)}"),
        (
            f"self.all(name, name in {owned} || name in {known})",
            f"there is no such setting; these are: {', '.join(sorted(known))}",
        ),
        (
            f"self.all(name, !(name in {list(WHOLE_NUMBERS)}) || self[name].matches('^[0-9]{{1,12}}$'))",
            f"expected whole numbers: {', '.join(WHOLE_NUMBERS)}",
        ),
        (
            f"self.all(name, !(name in {list(NUMBERS)}) || "
            "self[name].matches('^[0-9]{1,12}([.][0-9]+)?$'))",
            f"expected numbers: {', '.join(NUMBERS)}",
        ),
        *(
            (
                f"!('{name}' in self) || self['{name}'] in {list(choice)}",
                f"{name} is one of {', '.join(choice)}",
            )
            for name, choice in CHOICES.items()
        ),
    ]

"""What a page may load and do, as its Content-Security-Policy says it (CSP Level 3)."""

MEDIA_SOURCES = "media-src 'self'"
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        MEDIA_SOURCES,
        "connect-src 'self'",
        # Safari before 15.5 knows only the second.
        "worker-src 'self'",
        "child-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
    )
)

"""Host and port in one text, as members' addresses are kept and requests name them. Pure."""


def joined(host: str, port: int) -> str:
    """Give "host:port"; an IPv6 address is put in brackets (RFC 3986 section 3.2.2)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

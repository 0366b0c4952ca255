"""What a QR code says, read by ZBar, a program that is not ours."""

import subprocess


def qr_text(picture: bytes) -> str:
    """Return the text of the one QR code in a PNG."""
    read = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "--oneshot", "-"],
        input=picture,
        capture_output=True,
        timeout=30,
        check=True,
    )
    return read.stdout.decode().strip()

"""How much audio the kernel takes for a listener who reads no more, with TCP_NOTSENT_LOWAT and without.

    python -m loadtest.bench.unsent

It fills one connection over the loopback address, and looks at what is in the sender's buffers (TIOCOUTQ)
when nothing more is taken. What the reader's own kernel holds is not counted.
"""

import fcntl
import socket
import struct
import termios
import time

# What the server sets.
LOWAT_BYTES = 16_384

# What a pass has gathered at 96 kbit/s.
SEND_BYTES = 1340

FULL_AFTER_SECONDS = 0.5
BYTES_A_SECOND = 13_400


def main() -> None:
    """Measure both and print them."""
    for name, lowat_bytes in (("as the kernel has it", 0), ("TCP_NOTSENT_LOWAT", LOWAT_BYTES)):
        held_bytes = _held_bytes(lowat_bytes)
        print(f"{name}: {held_bytes / 1024:.0f} KiB, {held_bytes / BYTES_A_SECOND:.0f} s of 96 kbit/s")


def _held_bytes(lowat_bytes: int) -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        reader = socket.create_connection(listening.getsockname())
        writer, _ = listening.accept()
    with reader, writer:
        writer.setblocking(False)
        if lowat_bytes:
            writer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, lowat_bytes)
        taken_at = time.monotonic()
        while time.monotonic() < taken_at + FULL_AFTER_SECONDS:
            try:
                writer.send(bytes(SEND_BYTES))
                taken_at = time.monotonic()
            except BlockingIOError:
                time.sleep(0.01)
        answer = fcntl.ioctl(writer, termios.TIOCOUTQ, bytes(4))
    held_bytes: int = struct.unpack("i", answer)[0]
    return held_bytes


if __name__ == "__main__":
    main()

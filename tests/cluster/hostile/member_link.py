"""A connection with audio to a real member, opened as another member would, frame by frame."""

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tornado.httputil import HTTPHeaders

from audiocast.cluster.protocol import PROTOCOL_HEADER, PROTOCOL_VERSION, SIGNATURE_HEADER, PeerRequest
from audiocast.cluster.signature.frame_macs import FRAME_MAC_BYTES, FrameMacs
from tests.cluster.members import Members, member_signer
from tests.support.http.exchange import connect


class MemberLink:
    """One side of the connection.

    Attributes:
        connection: What is written here is not signed by itself.
        macs: Signs the frames of this side, and checks those of the other side.
    """

    def __init__(self, connection: socket.socket, macs: FrameMacs) -> None:
        self.connection = connection
        self.macs = macs

    def sign(self, data: bytes) -> bytes:
        """Give a frame as it is sent next."""
        return data + self.macs.sign(data)

    def receive_signed(self) -> bytes:
        """Give the next frame with its MAC; the member must have signed it."""
        head = self._read(5)
        _, size = struct.unpack(">cI", head)
        data, mac = self._read(size), self._read(FRAME_MAC_BYTES)
        self.macs.check(head + data, mac)
        return head + data + mac

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            came = self.connection.recv(size - len(data))
            if not came:
                raise ConnectionError("the member has closed the connection")
            data += came
        return data


def frame(kind: bytes, data: bytes) -> bytes:
    """Give a frame without its MAC."""
    return struct.pack(">cI", kind, len(data)) + data


@contextmanager
def member_link(members: Members, name: str, request: PeerRequest) -> Iterator[MemberLink]:
    """Open a connection to a member, which accepts it."""
    signer = member_signer()
    headers = {PROTOCOL_HEADER: str(PROTOCOL_VERSION), **request.headers}
    sent = PeerRequest(request.method, request.target, headers)
    signature = signer.sign_request(sent, members.identity(name), time.time())
    fields = {"Host": name, **headers, SIGNATURE_HEADER: str(signature)}
    lines = [f"{field}: {value}" for field, value in fields.items()]
    head = "\r\n".join([f"{sent.method} {sent.target} HTTP/1.1", *lines, "", ""])
    with connect(members[name].internal_port) as connection:
        connection.sendall(head.encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += connection.recv(1)
        status_line, _, rest = answer.decode().partition("\r\n")
        assert status_line.startswith("HTTP/1.1 200"), answer
        proven = signer.check_answer(signature, 200, HTTPHeaders.parse(rest), b"")
        assert proven.sender == members.identity(name)
        yield MemberLink(connection, signer.frame_macs(signature, proven, is_answerer=False))

"""TLS before a PostgreSQL that has none, and Aurora's refusal of connections without it.

PostgreSQL's protocol opens with an untyped packet: a request for TLS, for GSSAPI, for a
cancellation, or the start itself (its documentation, "Message Flow" and "Message Formats"). This
front answers the first two and hands everything else on. The server behind has no TLS and so
offers no channel binding (SCRAM-SHA-256-PLUS), without which a proxy in the middle is accepted.
"""

import asyncio
import ssl
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

_SSL_REQUEST = 80877103
_GSS_REQUEST = 80877104
_CANCEL_REQUEST = 80877102
_LONGEST_START = 10_000
_CHUNK = 65_536


@dataclass(frozen=True)
class Doorman:
    """What the front asks about each connection."""

    must_encrypt: Callable[[], bool]
    """Whether a connection without TLS is refused."""
    admits: Callable[[], bool]
    """Whether the server is there; if not, the connection is closed without a word."""


class TlsFront:
    """The listening side of one PostgreSQL."""

    certificate: ssl.SSLContext
    """What each new connection is shown."""

    def __init__(
        self,
        listen: tuple[str, int],
        backend: tuple[str, int],
        doorman: Doorman,
    ) -> None:
        self._listen = listen
        self._backend = backend
        self._doorman = doorman
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to accept connections; raises OSError when the port is taken."""
        self._server = await asyncio.start_server(self._serve, *self._listen)

    async def stop(self) -> None:
        """Accept no more connections; those that are open end with the server behind."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, EOFError, ssl.SSLError):
                await self._open(reader, writer)
        finally:
            writer.close()

    async def _open(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        encrypted = False
        while True:
            packet = await _first_packet(reader)
            if not self._doorman.admits():
                return
            code = struct.unpack("!I", packet[4:8])[0]
            if code == _SSL_REQUEST and not encrypted:
                writer.write(b"S")
                await writer.drain()
                await writer.start_tls(self.certificate)
                encrypted = True
            elif code == _GSS_REQUEST:
                writer.write(b"N")
                await writer.drain()
            elif code != _CANCEL_REQUEST and not encrypted and self._doorman.must_encrypt():
                host = writer.get_extra_info("peername")[0]
                writer.write(_no_encryption(packet, host))
                await writer.drain()
                return
            else:
                await self._hand_on(packet, reader, writer)
                return

    async def _hand_on(
        self, packet: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            back_reader, back_writer = await asyncio.open_connection(*self._backend)
        except OSError:
            return
        back_writer.write(packet)
        await asyncio.gather(_pipe(reader, back_writer), _pipe(back_reader, writer))


async def _first_packet(reader: asyncio.StreamReader) -> bytes:
    length = await reader.readexactly(4)
    size = struct.unpack("!I", length)[0]
    if not 8 <= size <= _LONGEST_START:
        raise EOFError
    return length + await reader.readexactly(size - 4)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with suppress(OSError, ssl.SSLError):
            while chunk := await reader.read(_CHUNK):
                writer.write(chunk)
                await writer.drain()
    finally:
        # Either side's end ends both: PostgreSQL knows no half-open session.
        writer.close()


def _no_encryption(start: bytes, host: str) -> bytes:
    """Return the FATAL message of a server whose pg_hba.conf admits TLS only."""
    words = start[8:].split(b"\0")
    named = dict(zip(words[::2], words[1::2], strict=False))
    user = named.get(b"user", b"").decode(errors="replace")
    database = named.get(b"database", b"").decode(errors="replace") or user
    message = (
        f'no pg_hba.conf entry for host "{host}", user "{user}", database "{database}", '
        "no encryption"
    )
    fields = {"S": "FATAL", "V": "FATAL", "C": "28000", "M": message}
    body = b"".join(f"{key}{value}".encode() + b"\0" for key, value in fields.items()) + b"\0"
    return b"E" + struct.pack("!I", len(body) + 4) + body

"""How a client on the laptop reaches a load balancer by its name, unmodified.

`HTTP_PROXY=http://127.0.0.1:<port>` makes MLflow's client, curl and a browser ask this proxy, which
knows the names that DNS does not. It leads to this local AWS and nowhere else.
"""

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

from local.emulator.network.addresses import Names

_CHUNK = 65_536
_LONGEST_HEAD = 65_536


class HttpProxy:
    """A proxy for absolute-form requests and CONNECT."""

    def __init__(self, names: Names) -> None:
        self._names = names

    async def start(self, address: str) -> int:
        """Begin to serve on a free port of `address`, which is returned."""
        server = await asyncio.start_server(self._serve, address, 0, limit=_LONGEST_HEAD)
        return int(server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, EOFError, ValueError, asyncio.LimitOverrunError):
                head = await reader.readuntil(b"\r\n\r\n")
                await self._relay(head, reader, writer)
        finally:
            writer.close()

    async def _relay(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        line, _, rest = head.partition(b"\r\n")
        method, target, version = line.decode("latin-1").split(" ", 2)
        tunnel = method == "CONNECT"
        asked = urlsplit(f"//{target}" if tunnel else target)
        host, port = asked.hostname or "", asked.port or 80
        place = self._find(host, port)
        if place is None:
            await _refuse(writer, host)
            return
        try:
            back_reader, back_writer = await asyncio.open_connection(*place)
        except OSError:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
        if tunnel:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            path = (asked.path or "/") + (f"?{asked.query}" if asked.query else "")
            back_writer.write(f"{method} {path} {version}\r\n".encode("latin-1"))
            back_writer.write(_one_request_only(rest))
        await asyncio.gather(_pipe(reader, back_writer), _pipe(back_reader, writer))

    def _find(self, host: str, port: int) -> tuple[str, int] | None:
        place = self._names.find(host)
        if place is not None:
            return place.address, place.port(port)
        if host == "localhost" or host.startswith("127."):
            return host, port
        return None


def _one_request_only(headers: bytes) -> bytes:
    """Ask for the connection's end after this request: the next may be for another host."""
    kept = [
        line
        for line in headers.split(b"\r\n")
        if not line.lower().startswith((b"connection:", b"proxy-connection:", b"keep-alive:"))
    ]
    return b"\r\n".join([b"Connection: close", *kept])


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                writer.write(chunk)
                await writer.drain()
    finally:
        with suppress(OSError):
            if writer.can_write_eof():
                writer.write_eof()


async def _refuse(writer: asyncio.StreamWriter, host: str) -> None:
    body = f"This proxy knows the load balancers of the local AWS only, and no {host}.\n".encode()
    writer.write(
        b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nConnection: close\r\n"
        + f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    await writer.drain()

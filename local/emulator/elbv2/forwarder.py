"""Forwards HTTP/1.1 requests as an Application Load Balancer does, bodies streamed both ways.

Nothing is held in memory but what is on its way, so an artifact may be of any size. Where a
request goes is asked anew for each (`route`), as rules and healthy targets change.
"""

import asyncio
import ssl
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field

import h11

_CHUNK = 65_536
_HOP_BY_HOP = {b"connection", b"keep-alive", b"proxy-connection", b"te", b"upgrade"}
_LOST = (OSError, EOFError, ssl.SSLError, h11.ProtocolError)
Header = tuple[bytes, bytes]


@dataclass(frozen=True)
class Reply:
    """An answer of the load balancer itself."""

    status: int
    body: bytes = b""
    headers: list[Header] = field(default_factory=list)


@dataclass(frozen=True)
class Target:
    """Where to forward, and the header to add or replace there."""

    address: str
    port: int
    headers: list[Header] = field(default_factory=list)
    idle_seconds: float = 60
    lease: AbstractContextManager[None] = field(default_factory=nullcontext)
    """Held for as long as the request is under way."""


@dataclass(frozen=True)
class Client:
    """Who asks, and at which listener."""

    address: str
    scheme: str
    port: int


Route = Callable[[h11.Request, Client], Awaitable[Reply | Target]]


def page(status: int, reason: str) -> Reply:
    """Return the small HTML page that the load balancer itself answers errors with."""
    text = f"{status} {reason}"
    body = (
        f"<html>\r\n<head><title>{text}</title></head>\r\n<body>\r\n"
        f"<center><h1>{text}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
    return Reply(status, body.encode(), [(b"Content-Type", b"text/html")])


class Forwarder:
    """One listener's connections."""

    def __init__(self, scheme: str, port: int, route: Route) -> None:
        self._scheme = scheme
        self._port = port
        self._route = route

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client connection to its end."""
        client = Client(writer.get_extra_info("peername")[0], self._scheme, self._port)
        side = _Side(h11.Connection(h11.SERVER), reader, writer)
        try:
            with suppress(*_LOST):
                while await self._one_request(side, client):
                    side.protocol.start_next_cycle()
        finally:
            writer.close()

    async def _one_request(self, side: "_Side", client: Client) -> bool:
        request = await side.next_event()
        if not isinstance(request, h11.Request):
            return False
        aim = await self._route(request, client)
        if isinstance(aim, Reply):
            await _answer(side, aim)
        else:
            with aim.lease:
                await _Exchange(side, request, client, aim).run()
        return side.protocol.our_state is h11.DONE and side.protocol.their_state is h11.DONE


class _Side:
    """An h11 connection and its stream."""

    def __init__(
        self,
        protocol: h11.Connection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.protocol = protocol
        self.reader = reader
        self.writer = writer

    async def next_event(self) -> h11.Event | type[h11.PAUSED]:
        """Return the next event, reading as needed."""
        while True:
            event = self.protocol.next_event()
            if event is not h11.NEED_DATA:
                return event
            if self.protocol.they_are_waiting_for_100_continue:
                await self.send(h11.InformationalResponse(status_code=100, headers=[]))
            self.protocol.receive_data(await self.reader.read(_CHUNK))

    async def send(self, event: h11.Event) -> None:
        """Send one event."""
        data = self.protocol.send(event)
        if data:
            self.writer.write(data)
            await self.writer.drain()

    async def body(self) -> AsyncIterator[h11.Event]:
        """Give the events of a body up to its end."""
        while True:
            event = await self.next_event()
            if isinstance(event, h11.ConnectionClosed):
                raise EOFError  # noqa: TRY004 - the stream has ended, no type is wrong
            yield event
            if isinstance(event, h11.EndOfMessage):
                return


class _Exchange:
    """One request and its response between a client and a target."""

    def __init__(self, side: _Side, request: h11.Request, client: Client, target: Target) -> None:
        self._side = side
        self._request = request
        self._client = client
        self._target = target
        self._responded = False

    async def run(self) -> None:
        """Forward; answer 502 or 504 when the target fails before it has answered."""
        try:
            reader, writer = await asyncio.open_connection(self._target.address, self._target.port)
        except OSError:
            await _answer(self._side, page(502, "Bad Gateway"))
            return
        back = _Side(h11.Connection(h11.CLIENT), reader, writer)
        upload = asyncio.create_task(self._upload(back))
        head = asyncio.create_task(self._head(back))
        try:
            await self._until_answered(upload, head)
            await self._download(back)
        except TimeoutError:
            await self._fail(page(504, "Gateway Time-out"))
        except _LOST:
            await self._fail(page(502, "Bad Gateway"))
        finally:
            for task in (upload, head):
                task.cancel()
                with suppress(asyncio.CancelledError, *_LOST):
                    await task
            writer.close()

    async def _until_answered(
        self, upload: "asyncio.Task[None]", head: "asyncio.Task[None]"
    ) -> None:
        """Wait for the response; the target's time starts when it has the whole request."""
        await asyncio.wait({upload, head}, return_when=asyncio.FIRST_COMPLETED)
        if not head.done():
            upload.result()
        await asyncio.wait_for(head, self._target.idle_seconds)

    async def _upload(self, back: _Side) -> None:
        await back.send(
            h11.Request(
                method=self._request.method,
                target=self._request.target,
                headers=_forwarded(self._request, self._client, self._target),
            )
        )
        async for event in self._side.body():
            await back.send(event)

    async def _head(self, back: _Side) -> None:
        while True:
            event = await back.next_event()
            if isinstance(event, h11.Response):
                break
            if not isinstance(event, h11.InformationalResponse):
                raise EOFError  # noqa: TRY004 - the stream has ended, no type is wrong
        headers = [item for item in event.headers.raw_items() if item[0].lower() not in _HOP_BY_HOP]
        self._responded = True
        await self._side.send(
            h11.Response(status_code=event.status_code, reason=event.reason, headers=headers)
        )

    async def _download(self, back: _Side) -> None:
        async for event in back.body():
            await self._side.send(event)

    async def _fail(self, reply: Reply) -> None:
        if self._responded:
            raise EOFError
        await _answer(self._side, reply)


async def _answer(side: _Side, reply: Reply) -> None:
    headers = [*reply.headers, (b"Content-Length", str(len(reply.body)).encode())]
    headers += [(b"Server", b"awselb/2.0")]
    await side.send(h11.Response(status_code=reply.status, headers=headers))
    if reply.body:
        await side.send(h11.Data(data=reply.body))
    await side.send(h11.EndOfMessage())
    # An unread body must not be taken for the next request.
    if side.protocol.their_state is h11.SEND_BODY:
        with suppress(*_LOST):
            async for _ in side.body():
                pass


def _forwarded(request: h11.Request, client: Client, target: Target) -> list[Header]:
    replaced = {name.lower() for name, _ in target.headers}
    seen = dict(request.headers)
    headers = [
        (name, value)
        for name, value in request.headers.raw_items()
        if name.lower() not in _HOP_BY_HOP | replaced
        and not name.lower().startswith(b"x-forwarded-")
        and name.lower() != b"expect"
    ]
    before = seen.get(b"x-forwarded-for")
    address = client.address.encode()
    headers += [
        (b"X-Forwarded-For", b", ".join([before, address] if before else [address])),
        (b"X-Forwarded-Proto", client.scheme.encode()),
        (b"X-Forwarded-Port", str(client.port).encode()),
        (b"Connection", b"close"),
    ]
    if b"x-amzn-trace-id" not in seen:
        headers.append((b"X-Amzn-Trace-Id", f"Root=1-{uuid.uuid4().hex}".encode()))
    return [*headers, *target.headers]

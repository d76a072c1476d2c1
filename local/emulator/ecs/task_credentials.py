"""The container credentials endpoint: the task role's keys, made by the local STS.

The SDKs find it through AWS_CONTAINER_CREDENTIALS_FULL_URI and send the token of
AWS_CONTAINER_AUTHORIZATION_TOKEN, as on Fargate platform 1.4.0. Keys made by AssumeRole are known
to every service of the local AWS, also where it checks presigned URLs.
"""

import asyncio
import json
import secrets
from contextlib import suppress
from dataclasses import dataclass

from local.emulator.core.own_client import own_client


@dataclass(frozen=True)
class _Grant:
    role: str
    session: str
    region: str


class TaskCredentials:
    """An HTTP server on `address` that gives each task the keys of its role."""

    def __init__(self, address: str, gateway: str) -> None:
        self._address = address
        self._gateway = gateway
        self._grants: dict[str, _Grant] = {}
        self._port = 0

    async def start(self) -> None:
        """Begin to serve on a free port."""
        server = await asyncio.start_server(self._serve, self._address, 0)
        self._port = server.sockets[0].getsockname()[1]

    def environment(self, role: str, task_id: str, region: str) -> dict[str, str]:
        """Return the variables by which a container of this task finds the keys of `role`."""
        token = secrets.token_urlsafe(32)
        self._grants[token] = _Grant(role, task_id, region)
        return {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{self._address}:{self._port}/v1",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": token,
        }

    def forget(self, token: str) -> None:
        """Give no more keys for `token`: its container is gone."""
        self._grants.pop(token, None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, EOFError, asyncio.LimitOverrunError):
                request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                status, answer = await self._answer(_authorization(request))
                body = json.dumps(answer).encode()
                head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
                head += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
        finally:
            writer.close()

    async def _answer(self, token: str) -> tuple[str, dict[str, str]]:
        grant = self._grants.get(token)
        if grant is None:
            return "401 Unauthorized", {"code": "AccessDenied", "message": "unknown token"}
        return "200 OK", await asyncio.to_thread(self._assume, grant)

    def _assume(self, grant: _Grant) -> dict[str, str]:
        client = own_client("sts", self._gateway, grant.region)
        keys = client.assume_role(RoleArn=grant.role, RoleSessionName=grant.session)["Credentials"]
        return {
            "RoleArn": grant.role,
            "AccessKeyId": keys["AccessKeyId"],
            "SecretAccessKey": keys["SecretAccessKey"],
            "Token": keys["SessionToken"],
            "Expiration": keys["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


def _authorization(request: str) -> str:
    for line in request.split("\r\n")[1:]:
        name, _, value = line.partition(":")
        if name.lower() == "authorization":
            return value.strip()
    return ""

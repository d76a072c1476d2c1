"""What the tests of the protocol share: a real TLS server for answers, and a time of their own."""

from __future__ import annotations

import datetime
import http.server
import io
import json
import logging
import socket
import ssl
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cfn_mlflow.cloudformation.event import Request
from cfn_mlflow.cloudformation.identity import Identity
from cfn_mlflow.cloudformation.serve import ResourceType, Step, handler
from cfn_mlflow.outcome import Done, Outcome
from cfn_mlflow.runtime.clock import Clock
from cfn_mlflow.runtime.log import log
from cfn_mlflow.runtime.place import Place

STACK_ID = (
    "arn:aws:cloudformation:eu-west-1:123456789012:stack/tracking/"
    "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
)
LOGICAL_ID = "MLflow"
REQUEST_ID = "7c3e9a52-1f0b-4f0e-8d64-1f2e3d4c5b6a"
HOST = "cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com"
FUNCTION_ARN = "arn:aws:lambda:eu-west-1:123456789012:function:cfn-mlflow-MLflow"
PLACE = Place.of(FUNCTION_ARN)
IDENTITY = Identity(STACK_ID, LOGICAL_ID)
SIGNED = datetime.datetime(2026, 11, 24, 12, 0, 0, tzinfo=datetime.UTC).timestamp()
LOG_GROUP = "/aws/lambda/cfn-mlflow-MLflow"
LOG_STREAM = "2026/11/24/[$LATEST]0123456789abcdef"
SECRET = "hunter2-in-a-property"


def signed_url(
    stack_id: object = STACK_ID, logical_id: object = LOGICAL_ID, request_id: object = REQUEST_ID
) -> str:
    """Return a ResponseURL as CloudFormation signs it for a request."""
    key = urllib.parse.quote(f"{stack_id}|{logical_id}|{request_id}", errors="replace")
    return (
        f"https://{HOST}/{key}?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Date=20261124T120000Z&X-Amz-SignedHeaders=host&X-Amz-Expires=7200"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20261124%2Feu-west-1%2Fs3%2Faws4_request"
        "&X-Amz-Signature=5161a7e515161a7e"
    )


@dataclass
class Answers:
    """A server that stands for the bucket of ResponseURLs: keeps what it is sent."""

    port: int
    bodies: list[bytes] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    hang_up: int = 0

    @property
    def all(self) -> list[dict[str, Any]]:
        """Return every answer received, parsed."""
        return [json.loads(body) for body in self.bodies]

    @property
    def only(self) -> dict[str, Any]:
        """Return the one answer that was sent."""
        (answer,) = self.all
        return answer


@contextmanager
def answer_server(folder: Path) -> Iterator[Answers]:
    """Run the server; its certificate's authority is written to `folder / "ca.pem"`."""
    certificate, key = _certificate(folder)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if kept.hang_up:
                kept.hang_up -= 1
                self.connection.close()
                return
            kept.bodies.append(body)
            kept.requests.append((self.path, dict(self.headers)))
            self.send_response(kept.statuses.pop(0) if kept.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # hung up on purpose
    kept = Answers(server.server_port)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "the answers' bucket")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "ca.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


@dataclass
class FakeTime:
    """A time that passes only when somebody sleeps in it."""

    at: float = SIGNED + 1
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        """Return the time."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.at += seconds

    @property
    def clock(self) -> Clock:
        """Return it as the protocol takes it."""
        return Clock(self.now, self.sleep)


class FakeContext:
    """Lambda's context object, in a fake time."""

    function_name = "cfn-mlflow-MLflow"
    invoked_function_arn = FUNCTION_ARN
    log_group_name = LOG_GROUP
    log_stream_name = LOG_STREAM
    aws_request_id = "11111111-2222-3333-4444-555555555555"

    def __init__(self, time: FakeTime, timeout: float = 900) -> None:
        self._time, self._end = time, time.at + timeout

    def get_remaining_time_in_millis(self) -> int:
        """Return the time left."""
        return int((self._end - self._time.at) * 1000)


@dataclass(frozen=True)
class State:
    """A resource's state in its stack, or an event of the two."""

    status: str
    since: float | None
    physical_id: str = IDENTITY.physical_id
    of_stack: bool = False
    properties: str | None = None
    type: str = "Custom::MLflow"


@dataclass
class FakeStack:
    """What CloudFormation says: `states` one after the other, the last for ever.

    `events` is what happened, the newest first, or why that cannot be told. The oldest event is
    added by the world: it has the properties of the request that is handled, or `told`.
    """

    states: list[State | Exception | None]
    events_told: list[State] | Exception = field(default_factory=list)
    asked: int = 0
    asked_for_events: int = 0
    told: str | None = None
    """The properties of the oldest event, if they are not those of each request."""
    oldest: State | None = None
    stack_id: str = STACK_ID
    type: str = "Custom::MLflow"

    def resource_state(self, stack_id: str, logical_id: str) -> State | None:
        """Answer as told."""
        assert stack_id == self.stack_id
        assert logical_id
        self.asked += 1
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if isinstance(state, Exception):
            raise state
        return state and replace(state, type=self.type)

    def events(self, stack_id: str, logical_id: str) -> Iterator[State]:
        """Answer as told."""
        assert stack_id == self.stack_id
        assert logical_id
        self.asked_for_events += 1
        if isinstance(self.events_told, Exception):
            raise self.events_told
        yield from self.events_told
        if self.oldest is not None:
            yield self.oldest


@dataclass
class FakeLambda:
    """Keeps what was invoked."""

    payloads: list[bytes] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    def invoke(self, function_name: str, payload: bytes) -> None:
        """Keep the payload, or fail as told."""
        assert function_name == FakeContext.function_name
        if self.errors:
            raise self.errors.pop(0)
        self.payloads.append(payload)


def state(status: str, since: float | None = SIGNED - 1) -> State:
    """Return a resource's state."""
    return State(status, since)


class LookedError(BaseException):
    """A look that must not be: nothing in the protocol catches it, so the test fails."""


def outcomes(*told: Outcome | BaseException) -> Step:
    """Return a step that comes to each of these in turn, and stays at the last."""
    left = list(told)

    def step() -> Outcome:
        one = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(one, BaseException):
            raise one
        return one

    return step


@dataclass
class World:
    """A function, its CloudFormation and its Lambda service, in one fake time."""

    answers: Answers
    time: FakeTime = field(default_factory=FakeTime)
    converge: Step = field(default_factory=lambda: outcomes(Done({"Name": "value"})))
    remove: Step = field(default_factory=lambda: outcomes(Done({})))
    prepare: Callable[[Request, Identity], Step] | None = None
    give_up: Callable[[Request, Identity], None] | None = None
    loses_data: tuple[str, ...] = ()
    stack: FakeStack | None = None
    functions: FakeLambda = field(default_factory=FakeLambda)
    timeout: float = 900
    seen: list[Request] = field(default_factory=list)

    def event(self, request_type: str = "Create", **changes: Any) -> dict[str, Any]:
        """Return an event as CloudFormation sends it."""
        event: dict[str, Any] = {
            "RequestType": request_type,
            "StackId": STACK_ID,
            "RequestId": REQUEST_ID,
            "ResourceType": "Custom::MLflow",
            "LogicalResourceId": LOGICAL_ID,
            "ResourceProperties": {"ServiceToken": FUNCTION_ARN, "VpcId": SECRET},
        }
        if request_type != "Create":
            event["PhysicalResourceId"] = IDENTITY.physical_id
        if request_type == "Update":
            event["OldResourceProperties"] = {"ServiceToken": FUNCTION_ARN, "VpcId": "old"}
        event.update(changes)
        ids = (event["StackId"], event["LogicalResourceId"], event["RequestId"])
        return {"ResponseURL": signed_url(*ids), **event}

    def handle(self, event: Any) -> None:
        """Invoke the function once."""
        self._handler(event)(event, FakeContext(self.time, self.timeout))

    def deliver(self, event: Any) -> None:
        """Invoke the function, and again for each hand-off, until there is none."""
        self.handle(event)
        while self.functions.payloads:
            self.handle(json.loads(self.functions.payloads.pop(0)))

    def _handler(self, event: Any) -> Callable[[object, Any], None]:
        kind = event.get("RequestType") if isinstance(event, Mapping) else None
        in_progress = {"Create": "CREATE", "Update": "UPDATE"}.get(str(kind), "DELETE")
        status = f"{in_progress}_IN_PROGRESS"
        stack = self.stack or FakeStack([state(status)])
        asked = event.get("ResourceProperties") if isinstance(event, Mapping) else None
        told = json.dumps(asked) if stack.told is None else stack.told
        stack.oldest = State(status, SIGNED - 1, properties=told)
        return handler(
            ResourceType(
                "Custom::MLflow", self._prepare, self._removal, self.give_up, self.loses_data
            ),
            stack=stack,
            invoke=self.functions,
            clock=self.time.clock,
        )

    def _prepare(self, request: Request, identity: Identity) -> Step:
        self.seen.append(request)
        return self.prepare(request, identity) if self.prepare else self.converge

    def _removal(self, request: Request, identity: Identity) -> Step:
        self.seen.append(request)
        return self.remove


def leading_to(port: int) -> Callable[..., Any]:
    """Return a name look-up for which CloudFormation's bucket is the server of answers."""
    real = socket.getaddrinfo

    def look_up(host: Any, asked: Any, *more: Any, **named: Any) -> Any:
        return real(*(("127.0.0.1", port) if host == HOST else (host, asked)), *more, **named)

    return look_up


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    """Give a server of answers that is trusted as one is on AWS: by the default authorities."""
    with answer_server(tmp_path) as running:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        monkeypatch.setattr(socket, "getaddrinfo", leading_to(running.port))
        yield running


@pytest.fixture
def world(answers: Answers) -> World:
    """Give a function of a resource type, with all around it."""
    return World(answers)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Give what the log writes, as it is written."""
    stream = log.registered_handler
    assert isinstance(stream, logging.StreamHandler)
    text = io.StringIO()
    monkeypatch.setattr(stream, "stream", text)
    return text


@pytest.fixture
def lines(written: io.StringIO) -> Callable[[], list[dict[str, Any]]]:
    """Give the log's lines, parsed."""
    return lambda: [json.loads(line) for line in written.getvalue().splitlines()]

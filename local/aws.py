"""`LocalAws`: the one interface to the local AWS, for `make local`, the demo and the tests."""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import boto3

from local import environments, ports, provider
from local.emulator import guardian
from local.environments import ROOT, Say, to_terminal
from local.install import stamp

REGION = "us-east-1"
DEFAULT_STATE = ROOT / ".local" / "run"

# Written by the data plane (local/emulator/data_plane.py).
PROXY_FILE = "proxy"
NAMES_FILE = "names.json"
# Read by the data plane (local/emulator/images.py).
IMAGES_FILE = "images.json"
# Written by the journal (local/emulator/journal.py).
JOURNAL_FILE = "journal.jsonl"
SECRETS_FILE = "secrets-made.jsonl"
# Logs of databases, there and gone, and what containers have printed.
_LOGS = ("databases/*/postgresql.log", "postgresql/*.log", "tasks/*/*/output.log")

_OWNED_STATE = re.compile(r"run-(?P<pid>[0-9]+)-\w+")
"""The state folder of a local AWS that dies with its owner, whose process id it names."""

# A machine that is busy with other things takes a multiple of the second that each of them takes.
_START_SECONDS = 300
_STOP_SECONDS = 120
_ANSWER_SECONDS = 300


class LocalAwsError(RuntimeError):
    """The local AWS did not start, or is not running."""


class LocalAws:
    """A local AWS of its own: its port, its state folder, its processes.

        with LocalAws() as aws:
            aws.deploy_provider()
            aws.session().client("cloudformation").create_stack(...)

    Used as a context manager (or by `start()` alone) it dies with this process, however this
    process ends. `start(owned=False)` starts one that lives until `stop()`, which any process may
    call on the same state folder.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        state: Path | None = None,
        retry_seconds: Sequence[float] = (1.0, 2.0),
        images: Sequence[str] = (),
        say: Say = to_terminal,
    ) -> None:
        """Say what is wanted; nothing is started yet.

        `port` 0 takes any free one. `state` is the folder of its state and logs, inside .local; by
        default a new one, removed at the end. `retry_seconds` are the waits before the retries of
        an asynchronous invocation (AWS: 60 and 120). `images` are the MLflow releases whose images
        must be there besides the newest; each has its packages pinned in local/images.
        """
        self._wanted_port = port
        self._given_state = state
        self._state = state
        self._retry_seconds = tuple(retry_seconds)
        self._images = (environments.MLFLOW_VERSION, *images)
        self._say = say
        self._process: subprocess.Popen[bytes] | None = None
        self._session: _Session | None = None

    def __enter__(self) -> "LocalAws":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # --- its life ---

    def start(self, *, owned: bool = True) -> None:
        """Make what it runs in, start it, and return once it answers.

        `owned` makes it die with this process. Raises LocalAwsError with its log's last lines.
        """
        environments.prepare(self._images, say=self._say)
        if not self.running:
            self._check_port()
        state = self._state = self._given_state or self._new_state()
        state.mkdir(parents=True, exist_ok=True)
        with stamp.alone_in(state, "starting a local AWS here", self._say):
            self._start_in(state, owned=owned)

    def _start_in(self, state: Path, *, owned: bool) -> None:
        if self.running:
            raise LocalAwsError(f"A local AWS is running already: {self.endpoint}")
        python = environments.emulator(self._say)
        _empty(state)
        settings = state / "settings.json"
        settings.write_text(
            json.dumps(
                {
                    "state": str(state),
                    "runtimes": str(environments.ENVIRONMENTS / "runtime"),
                    "port": self._wanted_port,
                    "owned": owned,
                    "retry_seconds": self._retry_seconds,
                }
            )
        )
        with (self.logs / "emulator.log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(python), "-m", "local.emulator.main", str(settings)],
                env={"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
                cwd=state,
                stdin=subprocess.PIPE if owned else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.stop()
            raise

    def _check_port(self) -> None:
        try:
            ports.check(self._wanted_port)
        except ports.PortError as error:
            raise LocalAwsError(str(error)) from error

    def stop(self) -> None:
        """End it with everything it started; return when nothing of it is left but its logs.

        Of a state folder that it made itself nothing is left at all.
        """
        state, ready = self._state, self._ready()
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        pid = self._process.pid if self._process else (ready or {}).get("pid")
        if pid is not None and state is not None and _is_emulator(pid, state):
            os.kill(pid, signal.SIGTERM)
            self._wait_for_end(pid)
        self._process = self._session = None
        if ready:
            _wait_for_the_guardian(ready["mark"])
        if state is not None:
            _empty(state, keep_logs=True)
            if self._given_state is None:
                shutil.rmtree(state, ignore_errors=True)

    @property
    def started_here(self) -> bool:
        """Whether this object started it and has not ended it: another's is not its to end."""
        return self._process is not None

    @property
    def running(self) -> bool:
        """Whether it runs, no matter who started it."""
        ready = self._ready()
        return (
            ready is not None
            and self._state is not None
            and _is_emulator(ready["pid"], self._state)
        )

    # --- using it ---

    @property
    def endpoint(self) -> str:
        """The URL of every AWS API here (`AWS_ENDPOINT_URL`)."""
        return f"http://{ports.ADDRESS}:{self.port}"

    @property
    def port(self) -> int:
        """The port of the endpoint."""
        return int(self._running()["port"])

    @property
    def env(self) -> dict[str, str]:
        """The environment variables by which the AWS CLI, SAM and every SDK use it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "AKIALOCALAWSXXXXXXXX",
            "AWS_SECRET_ACCESS_KEY": "local-aws-checks-no-signature",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def proxy(self) -> str:
        """URL of the HTTP proxy by which a client on the laptop reaches AWS-shaped host names.

        The name of a load balancer resolves only through it.
        """
        self._running()
        return (self.state / PROXY_FILE).read_text()

    def browser_url(self, tracking_uri: str) -> str:
        """Return the loopback URL at which a browser, without a proxy, finds a load balancer."""
        asked = urllib.parse.urlsplit(tracking_uri)
        places = json.loads((self.state / NAMES_FILE).read_text())
        place = places[(asked.hostname or "").lower()]
        port = asked.port or {"http": 80, "https": 443}[asked.scheme]
        return f"{asked.scheme}://{place['address']}:{place['ports'].get(str(port), port)}"

    def session(self) -> boto3.session.Session:
        """Return the boto3 session for it, whose `client(...)` needs no endpoint."""
        env = self.env
        if self._session is None or self._session.env != env:
            self._session = _Session(env)
        return self._session

    def deploy_provider(
        self,
        parameters: Mapping[str, str] | None = None,
        *,
        template: Path = ROOT / "template.yaml",
        stack_name: str = provider.STACK_NAME,
    ) -> None:
        """Build the provider if it changed and deploy it; `parameters` are the template's.

        Raises provider.SamFailedError.
        """
        built = provider.build(template, self.logs, self._say)
        provider.deploy(
            built,
            self.env,
            self.logs,
            stack_name=stack_name,
            parameters=parameters,
            say=self._say,
        )

    def image(self, release: str) -> None:
        """Let the official image of MLflow `release` be there from now on, started or not.

        Raises EnvironmentFailedError for a release whose packages are not pinned.
        """
        environments.image(release, self._say)

    def add_image(self, reference: str, programs: Path) -> None:
        """Let the image `reference`, whatever its name, stand for the folder `programs`.

        The programs there (`python`, `mlflow`) come first on the PATH of its containers.
        """
        index = self.state / IMAGES_FILE
        known = json.loads(index.read_text()) if index.exists() else {}
        written = index.with_suffix(".new")
        written.write_text(json.dumps({**known, reference: str(programs.absolute())}))
        written.rename(index)

    # --- looking into it ---

    @property
    def state(self) -> Path:
        """The folder of its state."""
        if self._state is None:
            raise LocalAwsError("The local AWS was not started.")
        return self._state

    @property
    def logs(self) -> Path:
        """The folder of its logs: emulator.log, sam-*.log, one per process."""
        return self.state / "logs"

    @property
    def pid(self) -> int:
        """The emulator's process id."""
        return int(self._running()["pid"])

    def calls(self) -> list[dict[str, Any]]:
        """Return every kind of AWS call so far: service, action, caller (a function), count."""
        found: list[dict[str, Any]] = self._ask("calls")
        return found

    def journal(self) -> Iterator[tuple[str, str]]:
        """Give all that left the provider or was kept by AWS so far, each with its source.

        That is log events, stack events, outputs, answers, requests that changed something, the
        logs of all PostgreSQL servers and what containers printed; also of what is gone by now.
        """
        yield from _lines(self.state / JOURNAL_FILE)
        for pattern in _LOGS:
            for file in sorted(self.state.glob(pattern)):
                yield str(file.relative_to(self.state)), file.read_text(errors="replace")

    def secrets_made(self) -> Iterator[tuple[str, str]]:
        """Give every secret value so far, whole as it was set, each with where it was made."""
        yield from _lines(self.state / SECRETS_FILE)

    def pids_of(self, function_name: str) -> list[int]:
        """Return the processes that run an invocation of the function now."""
        running: dict[str, list[int]] = self._ask("functions")
        return running.get(function_name, [])

    def kill_function(self, function_name: str, seconds: float = 600) -> list[int]:
        """SIGKILL the running invocations of the function, waiting up to `seconds` for one."""
        for _ in _every(0.02, seconds):
            pids = self.pids_of(function_name)
            if pids:
                for pid in pids:
                    os.kill(pid, signal.SIGKILL)
                return pids
        raise LocalAwsError(f"No invocation of {function_name} ran within {seconds} s.")

    # --- making happen what on AWS only time does ---

    def pause_cluster(self, identifier: str) -> None:
        """Pause an Aurora cluster with MinCapacity 0 at once, as if nobody had used it for long.

        Connections that are open are lost. Raises LocalAwsError for one that cannot pause.
        """
        self._control("pause-cluster", identifier=identifier)

    def run_scheduled_action(self, resource: str, name: str) -> None:
        """Let the scheduled action `name` of the target `service/<cluster>/<service>` fire.

        It has no effect while the target's scheduled scaling is suspended, as on AWS.
        """
        self._control("run-scheduled-action", resource=resource, name=name)

    def fire_rule(self, name: str) -> None:
        """Let the time of EventBridge's scheduled rule `name` come, as its schedule would have it.

        Raises LocalAwsError for one that is not there or is off.
        """
        self._control("fire-rule", name=name)

    # --- its own ---

    def _new_state(self) -> Path:
        folder = DEFAULT_STATE.parent
        folder.mkdir(exist_ok=True)
        for left in folder.iterdir():
            # Its owner was killed: what it owned died with it, but could not tidy up.
            owner = _OWNED_STATE.fullmatch(left.name)
            if owner and _has_ended(int(owner["pid"])):
                shutil.rmtree(left, ignore_errors=True)
        return Path(tempfile.mkdtemp(prefix=f"run-{os.getpid()}-", dir=folder))

    def _ready(self) -> dict[str, Any] | None:
        if self._state is None:
            return None
        try:
            found: dict[str, Any] = json.loads((self._state / "ready.json").read_text())
        except FileNotFoundError:
            return None
        return found

    def _running(self) -> dict[str, Any]:
        ready = self._ready()
        if ready is None:
            raise LocalAwsError("The local AWS is not running; `make local` starts it.")
        return ready

    def _connection(self) -> http.client.HTTPConnection:
        port = self._running()["port"]
        return http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_SECONDS)

    def _ask(self, what: str) -> Any:
        connection = self._connection()
        with contextlib.closing(connection):
            connection.request("GET", f"/_local/{what}")
            return json.load(connection.getresponse())

    def _control(self, control: str, /, **asked: Any) -> Any:
        connection = self._connection()
        with contextlib.closing(connection):
            connection.request("POST", f"/_local/{control}", json.dumps(asked))
            response = connection.getresponse()
            answer = json.load(response)
        if response.status != http.client.OK:
            raise LocalAwsError(answer["message"])
        return answer

    def _wait_until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        for _ in _every(0.02, _START_SECONDS):
            if self._ready() is not None:
                return
            if process.poll() is not None:
                break
        log = (self.logs / "emulator.log").read_text(errors="replace")
        raise LocalAwsError("The local AWS did not start:\n" + "\n".join(log.splitlines()[-25:]))

    def _wait_for_end(self, pid: int) -> None:
        for _ in _every(0.02, _STOP_SECONDS):
            if self._process is not None:
                self._process.poll()
            if _has_ended(pid):
                return
        os.kill(pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()


class _Session(boto3.session.Session):
    """A session whose clients use the local AWS, whatever the user's own settings say.

    Clients asked for by their service alone are made once: that takes longer than most calls.
    """

    def __init__(self, env: Mapping[str, str]) -> None:
        super().__init__(
            aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
            region_name=env["AWS_REGION"],
        )
        self.env = dict(env)
        self._endpoint = env["AWS_ENDPOINT_URL"]
        self._made: dict[str, Any] = {}
        self._making = threading.Lock()

    def client(self, service_name: str, *args: Any, **options: Any) -> Any:
        with self._making:
            if args or options:
                return self._make(service_name, *args, **options)
            if service_name not in self._made:
                self._made[service_name] = self._make(service_name)
            return self._made[service_name]

    def _make(self, service_name: Any, *args: Any, **options: Any) -> Any:
        return super().client(service_name, *args, **{"endpoint_url": self._endpoint, **options})

    def resource(self, *args: Any, **options: Any) -> Any:
        return super().resource(*args, **{"endpoint_url": self._endpoint, **options})


def _every(wait: float, seconds: float) -> Iterator[None]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(wait)


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    with file.open() as lines:
        for line in lines:
            if not line.endswith("\n"):
                return  # it is being written
            first, second = json.loads(line)
            yield first, second


def _empty(state: Path, *, keep_logs: bool = False) -> None:
    """Empty the state folder; `logs` in it is there, and empty unless kept."""
    state.mkdir(parents=True, exist_ok=True)
    for entry in state.iterdir():
        if keep_logs and entry.name == "logs":
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    (state / "logs").mkdir(exist_ok=True)


def _is_emulator(pid: int, state: Path) -> bool:
    """Whether process `pid` is the emulator of this state folder, and no stranger with its id."""
    try:
        words = (guardian.PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return str(state / "settings.json").encode() in words


def _has_ended(pid: int) -> bool:
    """Whether process `pid` is gone; a zombie, whose parent does not fetch it, holds nothing."""
    try:
        state = (guardian.PROC / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return True
    return state in {"Z", "X"}


def _wait_for_the_guardian(mark: Mapping[str, str]) -> None:
    """Wait until the guardian has ended all that carries the mark of this run."""
    wanted = "".join(f"{name}={value}" for name, value in mark.items()).encode()
    for _ in _every(0.02, _STOP_SECONDS):
        if not guardian.marked(wanted):
            return

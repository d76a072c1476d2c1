"""`LocalAws`: the one interface to the local AWS, for `make local`, the demo and the tests."""

import json
import os
import shutil
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from local import environments, ports, provider
from local.environments import ROOT, Say, to_terminal
from local.install import stamp
from local.launch import process, proxies, state_folder
from local.launch.asked import Asked
from local.launch.errors import LocalAwsError
from local.launch.session import Session

__all__ = ["DEFAULT_STATE", "LocalAws", "LocalAwsError"]

REGION = "us-east-1"
DEFAULT_STATE = ROOT / ".local" / "run"


class LocalAws(Asked):
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
        self._process: process.Emulator | None = None
        self._session: Session | None = None
        self._is_alone = False

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

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let nobody else start it, deploy the provider to it or end it meanwhile."""
        if self._is_alone:
            yield
            return
        doing = "starting or ending the local AWS here"
        with stamp.alone_in(self.state, doing, self._say):
            self._is_alone = True
            try:
                yield
            finally:
                self._is_alone = False

    def start(self, *, owned: bool = True) -> None:
        """Make what it runs in, start it, and return once it answers.

        `owned` makes it die with this process. Raises LocalAwsError with its log's last lines.
        """
        environments.prepare(self._images, say=self._say)
        if not self.running:
            self._check_port()
        self._state = self._given_state or state_folder.new(DEFAULT_STATE.parent)
        with self.alone():
            self._start(owned=owned)

    def _start(self, *, owned: bool) -> None:
        if self.running:
            raise LocalAwsError(f"A local AWS is running already: {self.endpoint}")
        python = environments.emulator(self._say)
        state_folder.empty(self.state)
        settings = {
            "state": str(self.state),
            "runtimes": str(environments.ENVIRONMENTS / "runtime"),
            "port": self._wanted_port,
            "owned": owned,
            "retry_seconds": self._retry_seconds,
        }
        (self.state / process.SETTINGS_FILE).write_text(json.dumps(settings))
        self._process = process.begin(python, self.state, self.logs / "emulator.log", owned=owned)
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

    def _wait_until_ready(self, begun: process.Emulator) -> None:
        for _ in process.every(0.02, process.START_SECONDS):
            if self._ready() is not None:
                return
            if begun.poll() is not None:
                break
        log = (self.logs / "emulator.log").read_text(errors="replace")
        raise LocalAwsError("The local AWS did not start:\n" + "\n".join(log.splitlines()[-25:]))

    def stop(self) -> None:
        """End it with everything it started; return when nothing of it is left but its logs.

        Of a state folder that it made itself nothing is left at all. One that another process is
        starting is waited for, and ended then.
        """
        if self._state is None:
            return
        with self.alone():
            self._stop(self._state)

    def _stop(self, folder: Path) -> None:
        begun, ready = self._process, self._ready()
        if begun is not None and begun.stdin is not None:
            begun.stdin.close()
        pid = begun.pid if begun else (ready or {}).get("pid")
        if pid is not None and process.is_emulator(pid, folder):
            process.end(pid, begun)
        self._process = self._session = None
        if ready:
            process.wait_for_the_guardian(ready["mark"])
        state_folder.empty(folder, keep_logs=True)
        if self._given_state is None:
            shutil.rmtree(folder, ignore_errors=True)

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
            and process.is_emulator(ready["pid"], self._state)
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
            **proxies.past_for_loopback(os.environ),
        }

    @property
    def proxy(self) -> str:
        """URL of the HTTP proxy by which a client on the laptop reaches AWS-shaped host names.

        The name of a load balancer resolves only through it.
        """
        self._running()
        return (self.state / state_folder.PROXY_FILE).read_text()

    def browser_url(self, tracking_uri: str) -> str:
        """Return the loopback URL at which a browser, without a proxy, finds a load balancer."""
        asked = urllib.parse.urlsplit(tracking_uri)
        places = json.loads((self.state / state_folder.NAMES_FILE).read_text())
        place = places[(asked.hostname or "").lower()]
        port = asked.port or {"http": 80, "https": 443}[asked.scheme]
        return f"{asked.scheme}://{place['address']}:{place['ports'].get(str(port), port)}"

    def session(self) -> Session:
        """Return the boto3 session for it, whose `client(...)` needs no endpoint."""
        env = self.env
        if self._session is None or self._session.env != env:
            self._session = Session(env)
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
        with self.alone():
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
        state_folder.add_image(self.state, reference, programs)

    # --- its places ---

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

    def _ready(self) -> dict[str, Any] | None:
        return None if self._state is None else state_folder.ready(self._state)

    def _running(self) -> dict[str, Any]:
        ready = self._ready()
        if ready is None or not self.running:
            raise LocalAwsError("The local AWS is not running; `make local` starts it.")
        return ready

"""Containers of ECS tasks: real processes of the image's command.

A process sees its task's own loopback address where a container would see 0.0.0.0 of its own
network namespace, an empty home and temporary folder, and no variable but those of ECS, of the
image and of the task definition. Read-only root, users, ulimits, volumes and memory limits of a
task definition have no effect here.
"""

import re
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.emulator.containers import images
from local.emulator.containers.docker import Container
from local.emulator.core import processes
from local.emulator.ecs.task_credentials import TaskCredentials
from local.emulator.network.addresses import Addresses, Names
from local.emulator.warm.pool import Program, WarmParents

DEFAULT_STOP_SECONDS = 30
COLD_LABEL = "local-aws.start"
"""The Docker label whose value `cold` starts a container from nothing: a test compares both."""
_ANY_ADDRESS = re.compile(r"(?<![\d.])0\.0\.0\.0(?![\d.])")
_POLL_SECONDS = 0.1


class StartError(RuntimeError):
    """A container that could not be started, in ECS's words with its error name first."""


@dataclass(frozen=True)
class Surroundings:
    """What every task of this local AWS shares."""

    state: Path
    addresses: Addresses
    names: Names
    credentials: TaskCredentials
    gateway: str
    proxy: str
    warm: WarmParents


@dataclass(frozen=True)
class ContainerPlan:
    """One container of a task definition, as far as a process can follow it."""

    image: str
    definition: dict[str, Any]
    task_arn: str
    task_role: str

    @property
    def task_id(self) -> str:
        """The last part of the task's ARN."""
        return self.task_arn.rsplit("/", 1)[-1]

    @property
    def region(self) -> str:
        """The Region of the task."""
        return self.task_arn.split(":")[3]

    @property
    def stop_seconds(self) -> float:
        """Seconds from SIGTERM to SIGKILL."""
        return float(self.definition.get("stopTimeout") or DEFAULT_STOP_SECONDS)

    @property
    def needs(self) -> list[tuple[str, str]]:
        """The containers that go before it, each with the condition."""
        return [
            (need["containerName"], need["condition"])
            for need in self.definition.get("dependsOn") or []
        ]


class Tasks:
    """All tasks that run."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings
        self._lock = threading.Lock()
        self._addresses: dict[str, str] = {}
        self._containers: dict[str, list[TaskContainer]] = {}

    def run(
        self,
        *,
        image: str,
        name: str,
        labels: dict[str, str],
        environment: dict[str, str],
        plan: ContainerPlan,
        **_options: Any,
    ) -> Container:
        """Start one container; raises images.PullError or StartError."""
        del image  # a digest of our own making; the plan has the reference as the user wrote it
        image_holds = images.resolve(plan.image)
        with self._lock:
            if plan.task_arn not in self._addresses:
                self._addresses[plan.task_arn] = self._around.addresses.in_vpc()
            address = self._addresses[plan.task_arn]
        container = TaskContainer(name, labels, address, plan, self._around)
        container.sibling = self._sibling(plan.task_arn)
        container.prepare(image_holds, environment)
        with self._lock:
            self._containers.setdefault(plan.task_arn, []).append(container)
        container.forget = self._forget
        container.start()
        return container

    def stop_all(self) -> None:
        """Kill every container."""
        for container in [one for group in list(self._containers.values()) for one in group]:
            container.kill()

    def _sibling(self, task_arn: str) -> Callable[[str], "TaskContainer | None"]:
        def find(name: str) -> TaskContainer | None:
            for container in self._containers.get(task_arn, []):
                if container.plan.definition["name"] == name:
                    return container
            return None

        return find

    def _forget(self, container: "TaskContainer") -> None:
        task_arn = container.plan.task_arn
        with self._lock:
            group = self._containers.get(task_arn, [])
            if container in group:
                group.remove(container)
            if not group and task_arn in self._addresses:
                self._containers.pop(task_arn, None)
                self._around.addresses.release(self._addresses.pop(task_arn))


class TaskContainer(Container):
    """One process, with whatever it starts."""

    def __init__(
        self,
        name: str,
        labels: dict[str, str],
        address: str,
        plan: ContainerPlan,
        around: Surroundings,
    ) -> None:
        super().__init__(name, labels, address)
        self.plan = plan
        self.forget: Callable[[TaskContainer], None] = lambda container: None
        self.sibling: Callable[[str], TaskContainer | None] = lambda name: None
        self._around = around
        self._folder: Path = around.state / "tasks" / plan.task_id / plan.definition["name"]
        self._argv: list[str] = []
        self._environment: dict[str, str] = {}
        self._process: processes.Process | None = None
        self._image: images.Environment | None = None
        self._given_up = False

    @property
    def _output(self) -> Path:
        return self._folder / "output.log"

    def prepare(self, image: images.Environment, environment: dict[str, str]) -> None:
        """Work out command and variables; raises StartError when there is no such program."""
        for folder in ("home", "tmp", "root"):
            (self._folder / folder).mkdir(parents=True, exist_ok=True)
        self._output.touch()
        self._image = image
        self._environment = self._variables(image.programs, environment)
        words = [
            *(self.plan.definition.get("entryPoint") or []),
            *(self.plan.definition.get("command") or []),
        ]
        self._argv = [_ANY_ADDRESS.sub(self.address, word) for word in words]
        self._argv[:1] = [self._program()]

    def start(self) -> None:
        """Start the process, at once or when the containers it depends on are far enough."""
        if self.plan.needs:
            threading.Thread(
                target=self._start_after_needs, name=f"depends-{self.short_id}", daemon=True
            ).start()
        else:
            self._spawn()

    def stop(self, timeout: float = 0) -> None:
        """Send SIGTERM, and SIGKILL after the definition's stopTimeout (`timeout` has no say)."""
        del timeout
        self._given_up = True
        if self._process is not None:
            self._process.stop(self.plan.stop_seconds)

    def kill(self) -> None:
        """Send SIGKILL."""
        self._given_up = True
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)

    def remove(self, **options: Any) -> None:
        """Stop it, forget it, and delete its folders; the output stays for a last reader."""
        super().remove(**options)
        self._around.credentials.forget(
            self._environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
        )
        for folder in ("home", "tmp", "root"):
            shutil.rmtree(self._folder / folder, ignore_errors=True)
        self.forget(self)

    @property
    def status(self) -> str:
        """`running` while its process does, and while it waits for others."""
        if self._process is None:
            return "exited" if self._given_up else "running"
        return "running" if self._process.exit_code is None else "exited"

    @property
    def exit_code(self) -> int:
        """Its exit status; 128 and the number for a signal, as a shell counts."""
        code = self._process.exit_code if self._process is not None else None
        if code is None:
            return 0
        return code if code >= 0 else 128 - code

    def wait(self) -> dict[str, int]:
        """Wait for its end."""
        while self.status == "running":
            time.sleep(_POLL_SECONDS)
        return {"StatusCode": self.exit_code}

    def logs(self, stream: bool = False, **_options: Any) -> bytes | Iterable[bytes]:
        """Return its output, or follow it until its end."""
        return self._follow() if stream else self._output.read_bytes()

    def _follow(self) -> Iterator[bytes]:
        with self._output.open("rb") as output:
            while True:
                ended = self.status == "exited"
                while line := output.readline():
                    yield line
                if ended:
                    return
                time.sleep(_POLL_SECONDS)

    def _program(self) -> str:
        name = self._argv[0] if self._argv else ""
        found = shutil.which(name, path=self._environment["PATH"]) if name else None
        if found is None:
            raise StartError(
                "CannotStartContainerError: failed to create new container runtime task: "
                "unable to start container process: "
                f'exec: "{name}": executable file not found in $PATH'
            )
        return found

    def _variables(self, programs: Path, environment: dict[str, str]) -> dict[str, str]:
        plan = self.plan
        variables = {
            "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self._folder / "home"),
            "TMPDIR": str(self._folder / "tmp"),
            "HOSTNAME": f"ip-{self.address.replace('.', '-')}.ec2.internal",
            "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
            "AWS_REGION": plan.region,
            "AWS_DEFAULT_REGION": plan.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            # Names of load balancers have no DNS here: the proxy knows them.
            "HTTP_PROXY": self._around.proxy,
            "http_proxy": self._around.proxy,
            "NO_PROXY": f"127.0.0.1,localhost,{self.address},{self._around.addresses.own}",
            "no_proxy": f"127.0.0.1,localhost,{self.address},{self._around.addresses.own}",
        }
        variables.update({name: str(value) for name, value in environment.items()})
        for name in ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"):
            variables.pop(name, None)
        if plan.task_role:
            variables.update(
                self._around.credentials.environment(plan.task_role, plan.task_id, plan.region)
            )
        variables["AWS_ENDPOINT_URL"] = self._around.gateway
        metadata = variables.get("ECS_CONTAINER_METADATA_URI_V4", "")
        if metadata:
            path = metadata.split("/", 3)[-1]
            variables["ECS_CONTAINER_METADATA_URI_V4"] = f"{self._around.gateway}/{path}"
        if "MLFLOW_HOST" in variables:
            variables["MLFLOW_HOST"] = _ANY_ADDRESS.sub(self.address, variables["MLFLOW_HOST"])
        return {**variables, **self._database_address(variables)}

    def _database_address(self, variables: dict[str, str]) -> dict[str, str]:
        # libpq connects to PGHOSTADDR and still checks the certificate against PGHOST.
        place = self._around.names.find(variables.get("PGHOST", ""))
        return {"PGHOSTADDR": place.address} if place else {}

    def _spawn(self) -> None:
        program = Program(self._argv, self._environment, self._folder / "root", self._output)
        self._process = self._copied(program) or processes.spawn(
            program.argv, env=program.env, cwd=program.cwd, log=program.log
        )

    def _copied(self, program: Program) -> processes.Process | None:
        """Start it with its imports done; None where it has to start from nothing."""
        labels = self.plan.definition.get("dockerLabels") or {}
        if self._image is None or not self._image.known or labels.get(COLD_LABEL) == "cold":
            return None
        return self._around.warm.start(self._image.programs, program)

    def _start_after_needs(self) -> None:
        while not self._given_up:
            states = [_condition_state(self.sibling(name), to) for name, to in self.plan.needs]
            if "never" in states:
                self._given_up = True
            elif all(state == "met" for state in states):
                self._spawn()
                return
            else:
                time.sleep(_POLL_SECONDS)


def _condition_state(other: TaskContainer | None, condition: str) -> str:
    """Return `met`, `not yet` or `never` for a condition of `dependsOn`."""
    if other is None:
        return "not yet"
    if condition in ("START", "HEALTHY"):  # health checks of containers are not run
        return "met"
    if other.status != "exited":
        return "not yet"
    return "met" if condition == "COMPLETE" or other.exit_code == 0 else "never"

"""Containers of ECS tasks: real processes of the image's command.

A process sees its task's own loopback address where a container would see 0.0.0.0 of its own
network namespace, an empty home and temporary folder, and no variable but those of ECS, of the
image and of the task definition. Read-only root, users, ulimits, volumes and memory limits of a
task definition have no effect here.
"""

import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from local.emulator.containers import images
from local.emulator.containers.docker import Container
from local.emulator.core import processes
from local.emulator.ecs.container_environment import ContainerEnvironment
from local.emulator.ecs.container_plan import ContainerPlan, StartError, Surroundings
from local.emulator.warm.pool import Program

COLD_LABEL = "local-aws.start"
"""The Docker label whose value `cold` starts a container from nothing: a test compares both."""

_POLL_SECONDS = 0.1


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
        where = ContainerEnvironment(self.plan, self._around, self.address, self._folder)
        self._environment = where.variables(image.programs, environment)
        words = [
            *(self.plan.definition.get("entryPoint") or []),
            *(self.plan.definition.get("command") or []),
        ]
        self._argv = [where.own_address(word) for word in words]
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

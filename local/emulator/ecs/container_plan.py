"""One container of a task as it is to be, what surrounds all of them, and how it fails to start."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.emulator.ecs.task_credentials import TaskCredentials
from local.emulator.network.addresses import Addresses, Names
from local.emulator.warm.pool import WarmParents

DEFAULT_STOP_SECONDS = 30


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

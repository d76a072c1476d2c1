"""Tasks that run: each with a loopback address of its own, and its containers."""

import threading
from collections.abc import Callable
from typing import Any

from local.emulator.containers import images
from local.emulator.containers.docker import Container
from local.emulator.ecs.container_plan import ContainerPlan, Surroundings
from local.emulator.ecs.task_container import TaskContainer


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

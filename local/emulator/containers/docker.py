"""What ministack takes for a Docker engine: its RDS and ECS reach "containers" only through it.

It has just the part of docker-py that they call. A container is a process of ours: PostgreSQL
(postgres/databases.py) or a container of an ECS task (ecs/tasks.py).
"""

import sys
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from local.emulator.containers import images

NETWORK = "loopback"
"""The one network; ministack takes a container's address in it as reachable by others."""


class NotFound(LookupError):  # noqa: N818 - docker-py's own name
    """No container, volume or network of that name."""


class Container(ABC):
    """A container as docker-py shows it."""

    def __init__(self, name: str, labels: dict[str, str], address: str) -> None:
        self.id = uuid.uuid4().hex + uuid.uuid4().hex
        self.name = name
        self.labels = labels
        self.address = address
        self.on_remove: Callable[[Container], None] = lambda container: None

    @property
    def short_id(self) -> str:
        """The first twelve characters of the id."""
        return self.id[:12]

    @property
    @abstractmethod
    def status(self) -> str:
        """`created`, `running` or `exited`."""

    @property
    @abstractmethod
    def exit_code(self) -> int:
        """The status it ended with, 0 before."""

    @property
    def attrs(self) -> dict[str, Any]:
        """The part of `docker inspect` that ministack reads."""
        return {
            "Created": "",
            "Config": {"Labels": self.labels},
            "State": {
                "Status": self.status,
                "Running": self.status == "running",
                "ExitCode": self.exit_code,
            },
            "NetworkSettings": {"Networks": {NETWORK: {"IPAddress": self.address}}},
        }

    def reload(self) -> None:  # noqa: B027 - nothing to do is all there is to do
        """Do nothing: the status is always read afresh."""

    @abstractmethod
    def start(self) -> None:
        """Start its process."""

    @abstractmethod
    def stop(self, timeout: float = 10) -> None:
        """Stop its process and wait for its end."""

    @abstractmethod
    def wait(self) -> dict[str, int]:
        """Wait for its end; return `{"StatusCode": exit code}`."""

    @abstractmethod
    def logs(self, stream: bool = False, **_options: Any) -> bytes | Iterable[bytes]:
        """Return what it has printed, or follow it line by line until its end."""

    def remove(self, **_options: Any) -> None:
        """Stop it and forget it."""
        self.stop()
        self.on_remove(self)


class Containers:
    """`client.containers`. Without `create`, on purpose: ministack then uses `run` for all."""

    def __init__(
        self, run_database: Callable[..., Container], run_task: Callable[..., Container]
    ) -> None:
        self._run_database = run_database
        self._run_task = run_task
        self._all: dict[str, Container] = {}

    def run(self, image: str, **options: Any) -> Container:
        """Start a container of `image`."""
        is_database = "cluster_id" in (options.get("labels") or {})
        start = self._run_database if is_database else self._run_task
        container = start(image=image, **options)
        container.on_remove = self._forget
        self._all[container.id] = container
        return container

    def get(self, reference: str) -> Container:
        """Return the container with this id or name; raises NotFound."""
        for container in list(self._all.values()):
            if reference in (container.id, container.short_id, container.name):
                return container
        raise NotFound(reference)

    def _forget(self, container: Container) -> None:
        self._all.pop(container.id, None)

    def list(self, filters: dict[str, Any] | None = None, **_options: Any) -> "list[Container]":
        """Return the containers that carry every label of `filters`."""
        wanted = (filters or {}).get("label") or []
        wanted = [wanted] if isinstance(wanted, str) else wanted
        return [found for found in list(self._all.values()) if _carries(found.labels, wanted)]


def _carries(labels: dict[str, str], wanted: list[str]) -> bool:
    for label in wanted:
        name, equals, value = label.partition("=")
        if name not in labels or (equals and labels[name] != value):
            return False
    return True


class Image:
    """An image; images.py alone knows what is in it."""

    def __init__(self, reference: str) -> None:
        self.id = images.digest(reference)
        self.tags = [reference]

    def tag(self, *_arguments: Any, **_options: Any) -> bool:
        """Return True: there is no store of images to tag."""
        return True


class Images:
    """`client.images`: whether an image exists shows when its container is run."""

    def get(self, reference: str) -> Image:
        """Return the image."""
        return Image(reference)

    def pull(self, reference: str, **_options: Any) -> Image:
        """Return the image."""
        return Image(reference)

    def get_registry_data(self, reference: str, **_options: Any) -> Image:
        """Return the image, whose id is taken for its manifest's digest."""
        return Image(reference)


class Volume:
    """A named volume: the data of an Aurora cluster."""

    def __init__(self, name: str, remove: Callable[[str], None]) -> None:
        self.name = name
        self._remove = remove

    def remove(self, **_options: Any) -> None:
        """Delete its data."""
        self._remove(self.name)


class Volumes:
    """`client.volumes`."""

    def __init__(self, remove: Callable[[str], None]) -> None:
        self._remove = remove

    def get(self, name: str) -> Volume:
        """Return the volume, whether or not it has data."""
        return Volume(name, self._remove)


class LocalContainers:
    """The client object that is put in the place of docker-py's."""

    def __init__(
        self,
        run_database: Callable[..., Container],
        run_task: Callable[..., Container],
        remove_volume: Callable[[str], None],
    ) -> None:
        self.containers = Containers(run_database, run_task)
        self.images = Images()
        self.volumes = Volumes(remove_volume)


def stand_in_for_docker() -> None:
    """Let ministack's `from docker.errors import ImageNotFound` succeed without docker-py."""
    errors = ModuleType("docker.errors")
    errors.ImageNotFound = errors.NotFound = NotFound  # type: ignore[attr-defined]
    docker = ModuleType("docker")
    docker.errors = errors  # type: ignore[attr-defined]
    sys.modules.setdefault("docker", docker)
    sys.modules.setdefault("docker.errors", errors)

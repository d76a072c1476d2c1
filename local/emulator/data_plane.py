"""What ministack only records made real: databases, tasks, load balancers, scaling.

`install` is called once ministack's modules are imported and before it serves; `stop_all` before
the process ends. Everything that runs is a child process or a socket on a loopback address.
"""

from pathlib import Path
from typing import Any

from ministack.services import ecs, rds

from local.emulator.autoscaling import api as autoscaling
from local.emulator.containers import images
from local.emulator.containers.docker import LocalContainers, stand_in_for_docker
from local.emulator.core import patching
from local.emulator.core.event_loop import EventLoop
from local.emulator.core.patching import Function
from local.emulator.ec2 import security_groups, subnets
from local.emulator.ecs import scheduler, task_lifecycle
from local.emulator.ecs.container_plan import Surroundings
from local.emulator.ecs.task_credentials import TaskCredentials
from local.emulator.ecs.tasks import Tasks
from local.emulator.elbv2 import load_balancers
from local.emulator.network.addresses import Addresses, Names
from local.emulator.network.proxy import HttpProxy
from local.emulator.postgres.databases import Databases
from local.emulator.rds import clusters, settings
from local.emulator.rdsdata import statements
from local.emulator.warm.pool import WarmParents

PROXY_FILE = "proxy"
"""The file in the state folder that holds the proxy's URL, for clients on the laptop."""
NAMES_FILE = "names.json"
"""The file in the state folder that holds where AWS-shaped names lead (addresses.Names)."""

_running: list[Databases | Tasks] = []


def install(state: Path, gateway_port: int) -> None:
    """Make the data plane with its files under `state`; tasks reach AWS at `gateway_port`."""
    state.mkdir(parents=True, exist_ok=True)
    stand_in_for_docker()
    images.install(state)
    gateway = f"http://127.0.0.1:{gateway_port}"
    addresses, names, loop = Addresses(), Names(state / NAMES_FILE), EventLoop("data-plane")
    databases = Databases(state, addresses, names, loop, settings.settings)
    credentials = TaskCredentials(addresses.own, gateway)
    loop.call(credentials.start())
    proxy = f"http://127.0.0.1:{loop.call(HttpProxy(names).start('127.0.0.1'))}"
    warm = WarmParents(state / "logs")
    tasks = Tasks(Surroundings(state, addresses, names, credentials, gateway, proxy, warm))
    _running[:] = [tasks, databases]
    containers = LocalContainers(databases.run, tasks.run, databases.remove)
    patching.replace(rds, "_docker", lambda old: containers)
    patching.replace(ecs, "_docker", lambda old: containers)
    clusters.install(databases)
    statements.install(databases)
    balancers = load_balancers.install(state, addresses, names, loop)
    task_lifecycle.install(scheduler.install(balancers).leave)
    patching.wrap_action(ecs, "CreateCluster", lambda old: _prepare_image(old, warm))
    autoscaling.install(gateway_port)
    security_groups.install()
    subnets.install()
    (state / PROXY_FILE).write_text(proxy)


def _prepare_image(create: Function, warm: WarmParents) -> Function:
    """Let an image's imports begin with the cluster: its first task comes some seconds later."""

    def create_cluster(data: dict[str, Any]) -> Any:
        newest = images.newest()
        if newest is not None:
            warm.prepare(newest.programs)
        return create(data)

    return create_cluster


def stop_all() -> None:
    """End every process that the data plane has started."""
    for one in _running:
        one.stop_all()

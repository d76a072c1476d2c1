"""Application Load Balancers: a loopback socket for each listener, and health checks of targets."""

import asyncio
import logging
import ssl
import threading
import time
from pathlib import Path

from ministack.services import alb

from local.emulator.core import patching
from local.emulator.core.event_loop import EventLoop
from local.emulator.elbv2 import api, routing, target_groups
from local.emulator.elbv2.forwarder import Forwarder
from local.emulator.elbv2.records import Record, attribute, groups_of, key_of, scope_of
from local.emulator.elbv2.target_health import Check, Key, TargetHealth
from local.emulator.network.addresses import Addresses, Names, Place
from local.emulator.network.certificates import make_certificate

_LOOK_SECONDS = 0.2

_DELAY = "deregistration_delay.timeout_seconds"

_log = logging.getLogger(__name__)


class LoadBalancers:
    """All listeners of this local AWS as sockets, and the health of their targets."""

    def __init__(self, state: Path, addresses: Addresses, names: Names, loop: EventLoop) -> None:
        self.health = TargetHealth(loop.start)
        self._state = state / "load-balancers"
        self._addresses = addresses
        self._names = names
        self._loop = loop
        self._lock = threading.Lock()
        self._places: dict[str, Place] = {}
        self._servers: dict[str, tuple[int, asyncio.Server]] = {}

    def start(self) -> None:
        """Follow ministack's records for as long as the emulator lives."""
        threading.Thread(target=self._follow, name="load-balancers", daemon=True).start()

    def _follow(self) -> None:
        while True:
            try:
                self.look()
            except Exception:
                # A record deleted while it is read, a port that is taken: the next look may do.
                _log.exception("load balancers")
            time.sleep(_LOOK_SECONDS)

    def look(self) -> None:
        """Open and close sockets, begin and end health checks, as the records say now."""
        with self._lock:
            self._look()

    def _look(self) -> None:
        balancers = {lb["LoadBalancerArn"]: lb for lb in alb._lbs.all_values()}
        listeners = {
            one["ListenerArn"]: one
            for one in alb._listeners.all_values()
            if one["LoadBalancerArn"] in balancers
        }
        for arn, listener in listeners.items():
            self._open(arn, listener, balancers[listener["LoadBalancerArn"]])
        for arn in [arn for arn in self._servers if arn not in listeners]:
            self._loop.call(_close(self._servers.pop(arn)[1]))
        for arn in [arn for arn in self._places if arn not in balancers]:
            self._forget(arn)
        self._watch_targets(listeners)

    def _open(self, arn: str, listener: Record, balancer: Record) -> None:
        port = int(listener["Port"])
        opened = self._servers.get(arn)
        if opened is not None and opened[0] == port:
            return
        if opened is not None:
            self._loop.call(_close(opened[1]))
        lb_arn, name = balancer["LoadBalancerArn"], balancer["DNSName"]
        place = self._places.get(lb_arn) or Place(self._addresses.of_load_balancer())
        certificate = None
        if listener["Protocol"] == "HTTPS":
            folder = self._state / name
            certificate = make_certificate(folder, [name, name.lower()], place.address)
        forwarder = Forwarder(listener["Protocol"].lower(), port, routing.router(arn, self.health))
        server = self._loop.call(_listen(forwarder, place.address, port, certificate))
        self._servers[arn] = (port, server)
        place = Place(place.address, {**place.ports, port: server.sockets[0].getsockname()[1]})
        self._places[lb_arn] = place
        self._names.put(name, place)

    def _forget(self, arn: str) -> None:
        place = self._places.pop(arn)
        self._addresses.release(place.address)
        for name, other in self._names.all().items():
            if other.address == place.address:
                self._names.remove(name)

    def _watch_targets(self, listeners: dict[str, Record]) -> None:
        groups = {group["TargetGroupArn"]: group for group in alb._tgs.all_values()}
        targets: list[Key] = []
        drain: dict[str, float] = {}
        for arn, group in groups.items():
            with scope_of(arn):
                targets += [key_of(arn, group, target) for target in alb._targets.get(arn, [])]
                drain[arn] = float(attribute(alb._tg_attrs.get(arn), _DELAY, "300"))
        used = {arn for listener in listeners for arn in groups_of(listener)}
        checks = {arn: Check.of(group) for arn, group in groups.items()}
        self.health.reconcile(targets, checks, used, drain)


def install(state: Path, addresses: Addresses, names: Names, loop: EventLoop) -> LoadBalancers:
    """Put the API's refusals and the data plane into ministack's load balancers."""
    patching.require(alb, "_lbs", "_tgs", "_listeners", "_targets", "_lb_attrs", "_tg_attrs")
    balancers = LoadBalancers(state, addresses, names, loop)
    # Its own data plane answers by Host on the gateway's port, /health included.
    patching.replace(alb, "find_lb_for_host", lambda old: lambda host: None)
    routing.install()
    api.install(balancers.look)
    target_groups.install(balancers.health)
    balancers.start()
    return balancers


async def _listen(
    forwarder: Forwarder, address: str, port: int, certificate: ssl.SSLContext | None
) -> asyncio.Server:
    try:
        return await asyncio.start_server(forwarder.serve, address, port, ssl=certificate)
    except PermissionError:
        # Below 1024 without root: any free port; the proxy and the names know which.
        return await asyncio.start_server(forwarder.serve, address, 0, ssl=certificate)


async def _close(server: asyncio.Server) -> None:
    server.close()

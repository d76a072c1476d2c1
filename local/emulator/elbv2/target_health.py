"""Health of targets, by real HTTP checks of each as its target group says.

States and reason codes are Elastic Load Balancing's: a target is `initial` until its first check
passes, `unused` while no listener forwards to its group, `draining` for the deregistration delay
after it left. Intervals and delays are those of the target group divided by SPEED.
"""

import asyncio
import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

SPEED = 10
"""How many times faster than on AWS checks follow each other and drained targets go."""

_SHORTEST_INTERVAL = 0.5
_USER_AGENT = "ELB-HealthChecker/2.0"
_LEAVING = ("Target.DeregistrationInProgress", "Target deregistration is in progress")


@dataclass(frozen=True)
class Key:
    """A target: the ARN of its group, its address and its port."""

    group: str
    address: str
    port: int


@dataclass
class Health:
    """What is known of one target."""

    state: str = "initial"
    reason: str = "Elb.RegistrationInProgress"
    description: str = "Target registration is in progress"
    passed: int = 0
    failed: int = 0
    since: float = field(default_factory=time.monotonic)

    def become(self, state: str, reason: str = "", description: str = "") -> None:
        """Enter `state`; the time in it starts anew only when it is another one."""
        if state != self.state:
            self.since = time.monotonic()
        self.state, self.reason, self.description = state, reason, description


@dataclass(frozen=True)
class Check:
    """The health check of a target group, in its own units (seconds)."""

    path: str
    port: str
    codes: str
    interval: float
    timeout: float
    healthy_threshold: int
    unhealthy_threshold: int

    @classmethod
    def of(cls, group: dict[str, Any]) -> "Check":
        """Return the check of ministack's record of a target group."""
        return cls(
            path=group["HealthCheckPath"],
            port=str(group["HealthCheckPort"]),
            codes=group["Matcher"]["HttpCode"],
            interval=group["HealthCheckIntervalSeconds"],
            timeout=group["HealthCheckTimeoutSeconds"],
            healthy_threshold=group["HealthyThresholdCount"],
            unhealthy_threshold=group["UnhealthyThresholdCount"],
        )


class TargetHealth:
    """The health of all targets; `reconcile` is told which there are, checks run by themselves."""

    def __init__(self, start: Callable[[Any], None]) -> None:
        self._start = start
        self._lock = threading.Lock()
        self._targets: dict[Key, Health] = {}
        self._checks: dict[str, Check] = {}
        self._used: set[str] = set()
        self._busy: Counter[Key] = Counter()

    def reconcile(
        self,
        targets: Iterable[Key],
        checks: dict[str, Check],
        used: set[str],
        drain: dict[str, float],
    ) -> None:
        """Take note of the registered targets, the groups' checks, and which groups are in use."""
        registered = set(targets)
        with self._lock:
            self._checks, self._used = checks, used
            for key in registered:
                known = self._targets.get(key)
                if known is None or known.state == "draining":
                    health = self._targets[key] = Health()
                    self._start(self._watch(key, health))
            for key, health in list(self._targets.items()):
                if key not in registered:
                    self._drain(key, health, drain.get(key.group, 0))

    def of(self, key: Key) -> Health:
        """Return the health of a target; `unused` if it is not registered or its group is not."""
        with self._lock:
            return self._seen(key)

    def in_group(self, group: str) -> dict[Key, Health]:
        """Return the health of each target of `group`, draining ones included."""
        with self._lock:
            return {key: self._seen(key) for key in self._targets if key.group == group}

    @contextlib.contextmanager
    def lease(self, key: Key) -> Iterator[None]:
        """Keep the target draining for as long as a request to it is under way."""
        with self._lock:
            self._busy[key] += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy[key] -= 1
                if not self._busy[key]:
                    del self._busy[key]

    def _seen(self, key: Key) -> Health:
        health = self._targets.get(key)
        if health is None:
            return Health(
                "unused", "Target.NotRegistered", "Target is not registered to the target group"
            )
        if key.group not in self._used and health.state != "draining":
            return Health(
                "unused",
                "Target.NotInUse",
                "Target group is not configured to receive traffic from the load balancer",
            )
        return health

    def _drain(self, key: Key, health: Health, seconds: float) -> None:
        if health.state != "draining":
            # One look must see it draining, so that the forwarder has stopped to choose it.
            health.become("draining", *_LEAVING)
            return
        # A target without requests under way is let go without waiting for the delay.
        if not self._busy[key] or time.monotonic() - health.since >= seconds / SPEED:
            del self._targets[key]

    async def _watch(self, key: Key, health: Health) -> None:
        while self._targets.get(key) is health and health.state != "draining":
            check = self._checks.get(key.group)
            if check is None or key.group not in self._used:
                await asyncio.sleep(_SHORTEST_INTERVAL)
                continue
            fault = await _probe(key, check)
            with self._lock:
                if health.state != "draining":
                    _count(health, check, fault)
            await asyncio.sleep(max(_SHORTEST_INTERVAL, check.interval / SPEED))


def _count(health: Health, check: Check, fault: tuple[str, str] | None) -> None:
    if fault is None:
        health.passed, health.failed = health.passed + 1, 0
        # A target that has just been registered needs to pass only one check.
        if health.state == "initial" or health.passed >= check.healthy_threshold:
            health.become("healthy")
        return
    health.passed, health.failed = 0, health.failed + 1
    if health.failed >= check.unhealthy_threshold:
        health.become("unhealthy", *fault)
    elif health.state == "initial":
        health.become("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")


async def _probe(key: Key, check: Check) -> tuple[str, str] | None:
    """Check once; return None or the reason code and its description."""
    port = key.port if check.port == "traffic-port" else int(check.port)
    try:
        status = await asyncio.wait_for(_status(key.address, port, check.path), check.timeout)
    except TimeoutError:
        return "Target.Timeout", "Request timed out"
    except (OSError, EOFError, ValueError, IndexError, asyncio.LimitOverrunError):
        return "Target.FailedHealthChecks", "Health checks failed"
    if _matches(status, check.codes):
        return None
    return "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{status}]"


async def _status(address: str, port: int, path: str) -> int:
    reader, writer = await asyncio.open_connection(address, port)
    try:
        request = f"GET {path} HTTP/1.1\r\nHost: {address}:{port}\r\nConnection: close\r\n"
        writer.write(
            f"{request}User-Agent: {_USER_AGENT}\r\nAccept-Encoding: gzip\r\n\r\n".encode()
        )
        await writer.drain()
        line = await reader.readuntil(b"\r\n")
        return int(line.split()[1])
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def _matches(status: int, codes: str) -> bool:
    """Whether `status` is in a matcher such as `200,202` or `200-299`."""
    for part in codes.split(","):
        low, _, high = part.partition("-")
        if int(low) <= status <= int(high or low):
            return True
    return False

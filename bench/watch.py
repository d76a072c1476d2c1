"""Watches the local AWS from outside: when its objects are ready, what its functions take."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.aws import LocalAws
from tests.support.local_aws.stacks import Stack

SECONDS_BETWEEN_LOOKS = 0.1
LONGEST_SECONDS = 300


class Memory:
    """The peak of resident memory of each function's processes."""

    def __init__(self, aws: LocalAws) -> None:
        self._aws = aws
        self._pids: dict[str, set[int]] = {}
        self.peak_bytes: dict[str, int] = {}

    def look(self, function: str) -> None:
        """Read the peak of every process that has run the function and is there."""
        pids = self._pids.setdefault(function, set())
        pids.update(self._aws.pids_of(function))
        peaks = [_peak_bytes(pid) for pid in pids]
        self.peak_bytes[function] = max([self.peak_bytes.get(function, 0), *peaks])


class Readiness:
    """Whether every service's deployment has completed and its targets are healthy, as AWS says."""

    def __init__(self, aws: LocalAws) -> None:
        self._ecs: Any = aws.session().client("ecs")
        self._elbv2: Any = aws.session().client("elbv2")

    def now(self) -> bool:
        """Tell whether there are services, all of them ready."""
        services = list(self._services())
        return bool(services) and all(self._ready(service) for service in services)

    def _services(self) -> Iterator[dict[str, Any]]:
        for cluster in self._ecs.list_clusters()["clusterArns"]:
            names = self._ecs.list_services(cluster=cluster)["serviceArns"]
            if names:
                found = self._ecs.describe_services(cluster=cluster, services=names)
                yield from found["services"]

    def _ready(self, service: dict[str, Any]) -> bool:
        return (
            [d["rolloutState"] for d in service["deployments"]] == ["COMPLETED"]
            and service["runningCount"] == service["desiredCount"]
            and all(self._healthy(group["targetGroupArn"]) for group in service["loadBalancers"])
        )

    def _healthy(self, target_group_arn: str) -> bool:
        found = self._elbv2.describe_target_health(TargetGroupArn=target_group_arn)
        states = {target["TargetHealth"]["State"] for target in found["TargetHealthDescriptions"]}
        return "healthy" in states and states <= {"healthy", "draining"}


@dataclass(frozen=True)
class Ended:
    """How a stack's operation ended: seconds from its beginning, and from ready to answered."""

    seconds: float
    lag: float


def follow(
    memory: Memory, waits: Sequence[tuple[str, Stack]], readiness: Readiness | None = None
) -> dict[str, Ended]:
    """Watch until every stack's operation has ended; return how, by the function that serves it.

    Ready is the last time that what was not ready became ready; without `readiness`, nothing is.
    Raises TimeoutError, and RuntimeError if a stack fails.
    """
    started = time.monotonic()
    ready_at: float | None = None
    ended: dict[str, Ended] = {}
    while len(ended) < len(waits):
        now = time.monotonic()
        if now > started + LONGEST_SECONDS:
            raise TimeoutError(f"only {sorted(ended)} ended in {LONGEST_SECONDS} s")
        if readiness is None or not readiness.now():
            ready_at = None
        elif ready_at is None:
            ready_at = now
        for function, stack in waits:
            memory.look(function)
            if function not in ended and _has_ended(stack):
                now = time.monotonic()
                ended[function] = Ended(now - started, now - (ready_at or now))
        time.sleep(SECONDS_BETWEEN_LOOKS)
    return ended


def _has_ended(stack: Stack) -> bool:
    status = stack.status
    if "FAILED" in status or "ROLLBACK" in status:
        raise RuntimeError(f"{stack.name} is {status}: {stack.failures()}")
    return status.endswith("_COMPLETE")


def _peak_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    kilobytes = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(kilobytes[0]) * 1024 if kilobytes else 0

"""How many connections Aurora PostgreSQL takes, and what the tasks of a service come to."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

DOCUMENTED = ((1.0, 189), (4.0, 823), (8.0, 1669), (16.0, 3360), (32.0, 5000))
"""Highest capacity and max_connections (Aurora User Guide, "Performance and scaling for Aurora
Serverless v2", "Maximum connections"); more capacity takes no more connections."""

CAPPED_UP_TO, CAP = 0.5, 2000
"""At a lowest capacity of 0 or 0.5, max_connections is no more than this (the same page)."""

FEWEST = DOCUMENTED[0][1]
"""What the smallest database takes."""

RESERVE = 15
"""Not for the tasks: superuser_reserved_connections (3), rds.rds_superuser_reserved_connections
(2), RDS's own agents (2), the Data API's (4), a migration (2) and a deep check (2). The Data API
keeps sessions by secret: the master's, the service's two and the migration's. One call of ours goes
after the other, so each has one."""

IDLE = 2
"""The server's first process keeps so many for ever."""

POOLS = 2
"""Each worker has two engines with a pool each: the tracking store's and the model registry's."""

POOLS_OF_USERS = 1
"""One more where MLflow asks for a login: its users are in a store with a like pool."""

LEAST, MOST = 2, 15
"""Connections of one pool, with its overflow: an overflow of 0 would count as unset; MLflow's own
are 5 and 10."""

IN_A_DEPLOYMENT = 2
"""The service's maximumPercent of 200: so many times the tasks run for a while."""


def max_connections(min_capacity: float, max_capacity: float) -> int:
    """Return the max_connections that Aurora sets by default for a range of capacity units.

    Between two documented capacities it is the straight line, which is never more than AWS gives.
    """
    cap = CAP if min_capacity <= CAPPED_UP_TO else DOCUMENTED[-1][1]
    for (low, at_low), (high, at_high) in pairwise(DOCUMENTED):
        if max_capacity < high:
            share = max(0.0, max_capacity - low) / (high - low)
            return min(cap, at_low + int(share * (at_high - at_low)))
    return cap


@dataclass(frozen=True)
class Budget:
    """The connections of a service's tasks against those that its database takes."""

    tasks: int
    """The most there can be, outside of a deployment."""
    workers: int
    max_connections: int
    basic_auth: bool = False
    """Whether MLflow asks for a login."""

    @property
    def pools(self) -> int:
        """Return the pools of each worker."""
        return POOLS + POOLS_OF_USERS * self.basic_auth

    @property
    def of_a_pool(self) -> int:
        """Return the connections of one pool, its overflow included."""
        tasks, workers = max(1, self.tasks), max(1, self.workers)
        for_a_task = (self.max_connections - RESERVE) // (IN_A_DEPLOYMENT * tasks) - IDLE
        return max(LEAST, min(MOST, for_a_task // (workers * self.pools)))

    @property
    def pool_size(self) -> int:
        """Return how many of them stay open once opened."""
        return self.of_a_pool // 2

    @property
    def overflow(self) -> int:
        """Return how many of them are closed again after use; never 0."""
        return self.of_a_pool - self.pool_size

    @property
    def of_all_tasks(self) -> int:
        """Return the most that all tasks open together, outside of a deployment."""
        return self.tasks * (IDLE + self.workers * self.pools * self.of_a_pool)

    @property
    def in_a_deployment(self) -> int:
        """Return the most that there are while old and new tasks run side by side."""
        return IN_A_DEPLOYMENT * self.of_all_tasks

    @property
    def fits(self) -> bool:
        """Tell whether the database takes a deployment, and what is kept back for others."""
        return self.in_a_deployment + RESERVE <= self.max_connections

    @property
    def clamped(self) -> bool:
        """Tell whether the pools are smaller than MLflow's own."""
        return self.of_a_pool < MOST

    @property
    def words(self) -> str:
        """Return the sum, for people."""
        return (
            f"{self._sum} = {self.of_all_tasks}, twice in a deployment: "
            f"{self.in_a_deployment} of {self.max_connections}"
        )

    @property
    def refusal(self) -> str:
        """Return why it cannot be, up to where the database's number comes from."""
        return (
            f"{self._sum} = {self.of_all_tasks} connections, twice that in a deployment, but the "
            f"database takes {self.max_connections}, {RESERVE} of them kept back"
        )

    @property
    def _sum(self) -> str:
        workers = _counted(self.workers, "worker")
        return (
            f"{_counted(self.tasks, 'task')} x ({IDLE} + {workers} x {self.pools} pools "
            f"x {self.of_a_pool})"
        )


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"

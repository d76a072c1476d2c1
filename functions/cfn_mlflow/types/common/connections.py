"""The connections that Aurora PostgreSQL accepts, and those that the tasks of a service open."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

DOCUMENTED = ((1.0, 189), (4.0, 823), (8.0, 1669), (16.0, 3360), (32.0, 5000))
"""Highest capacity, and max_connections at it.

The numbers are in the Aurora User Guide, "Performance and scaling for Aurora Serverless v2",
"Maximum connections". A higher capacity gives no more connections.
"""

CAPPED_UP_TO, CAP = 0.5, 2000
"""At a lowest capacity of 0 or 0.5, max_connections is at most 2,000 (the same page)."""

FEWEST = DOCUMENTED[0][1]
"""The connections that the smallest database accepts."""

RESERVE = 15
"""Connections that the tasks must leave to others.

PostgreSQL keeps superuser_reserved_connections (3) and rds.rds_superuser_reserved_connections (2).
RDS's own agents use 2, the Data API 4, a migration 2 and a deep check 2. The Data API keeps one
session for each secret: the master's, the service's two and the migration's. One is enough for
each, because the provider's calls follow one another.
"""

IDLE = 2
"""Connections that the first process of the server keeps open all the time."""

POOLS = 2
"""Pools of a worker: one of the tracking store, and one of the model registry."""

POOLS_OF_USERS = 1
"""One more pool of a worker if MLflow asks for a login: that of the store of users."""

LEAST, MOST = 2, 15
"""The connections of one pool, with its overflow.

At least 2, because MLflow takes an overflow of 0 for unset. MLflow's own defaults are a pool of 5
and an overflow of 10.
"""

IN_A_DEPLOYMENT = 2
"""During a deployment twice the tasks run for a while: the service's maximumPercent is 200."""


def max_connections(min_capacity: float, max_capacity: float) -> int:
    """Return the max_connections that Aurora sets by default for a range of capacity units.

    Between two documented capacities the result is on the straight line between them. Aurora never
    sets fewer.
    """
    cap = CAP if min_capacity <= CAPPED_UP_TO else DOCUMENTED[-1][1]
    for (low, at_low), (high, at_high) in pairwise(DOCUMENTED):
        if max_capacity < high:
            share = max(0.0, max_capacity - low) / (high - low)
            return min(cap, at_low + int(share * (at_high - at_low)))
    return cap


@dataclass(frozen=True)
class Budget:
    """The connections that a service's tasks may open, of those that its database accepts."""

    tasks: int
    """The most tasks that can run outside of a deployment."""
    workers: int
    max_connections: int
    basic_auth: bool = False
    """Whether MLflow asks for a login."""

    @property
    def pools(self) -> int:
        """Return the number of pools in each worker."""
        return POOLS + POOLS_OF_USERS * self.basic_auth

    @property
    def of_a_pool(self) -> int:
        """Return the connections of one pool, its overflow included."""
        tasks, workers = max(1, self.tasks), max(1, self.workers)
        for_a_task = (self.max_connections - RESERVE) // (IN_A_DEPLOYMENT * tasks) - IDLE
        return max(LEAST, min(MOST, for_a_task // (workers * self.pools)))

    @property
    def pool_size(self) -> int:
        """Return how many connections of a pool stay open after use."""
        return self.of_a_pool // 2

    @property
    def overflow(self) -> int:
        """Return how many connections of a pool are closed after use; at least 1."""
        return self.of_a_pool - self.pool_size

    @property
    def of_all_tasks(self) -> int:
        """Return the most connections of all tasks together, outside of a deployment."""
        return self.tasks * (IDLE + self.workers * self.pools * self.of_a_pool)

    @property
    def in_a_deployment(self) -> int:
        """Return the most connections while old and new tasks run side by side."""
        return IN_A_DEPLOYMENT * self.of_all_tasks

    @property
    def fits(self) -> bool:
        """Return whether the database accepts a deployment, and the RESERVE as well."""
        return self.in_a_deployment + RESERVE <= self.max_connections

    @property
    def clamped(self) -> bool:
        """Return whether the pools are smaller than MLflow's own defaults."""
        return self.of_a_pool < MOST

    @property
    def words(self) -> str:
        """Return the sum as text for people."""
        return (
            f"{self._sum} = {self.of_all_tasks}, twice in a deployment: "
            f"{self.in_a_deployment} of {self.max_connections}"
        )

    @property
    def refusal(self) -> str:
        """Return why the tasks do not fit. The caller adds where the database's number is from."""
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

"""The sizes that a Fargate task with MLflow in it can have."""

from __future__ import annotations

FARGATE_MEMORY: dict[int, tuple[int, ...]] = {
    256: (1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16_384 + 1, 1024)),
    4096: tuple(range(8192, 30_720 + 1, 1024)),
    8192: tuple(range(16_384, 61_440 + 1, 4096)),
    16_384: tuple(range(32_768, 122_880 + 1, 8192)),
    32_768: (61_440, 122_880, 249_856),
}
"""The MiB of memory for each number of CPU units (Amazon ECS Developer Guide, task size).

Fargate offers 512 MiB too, which is too little for MLflow with one worker.
"""

LEAST_MEMORY, MOST_MEMORY = 1024, 249_856


def memory_fault(cpu: int, memory: int) -> str:
    """Return what is wrong with CPU units and MiB together, or an empty text if they fit."""
    allowed = FARGATE_MEMORY.get(cpu, ())
    if memory in allowed or not allowed:
        return ""
    if len(allowed) <= 3:
        sizes = " or ".join(map(str, allowed))
    else:
        sizes = f"{allowed[0]} to {allowed[-1]} in steps of {allowed[1] - allowed[0]}"
    return f"must be {sizes} MiB with {{Cpu}} {cpu}, a size that Fargate has"

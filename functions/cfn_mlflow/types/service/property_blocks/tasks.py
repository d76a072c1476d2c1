"""The properties of the tasks: their size, their number, their sidecars and logs."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ValidationInfo, field_validator

from cfn_mlflow.types.service.tasks.fargate import (
    FARGATE_MEMORY,
    LEAST_MEMORY,
    MOST_MEMORY,
    memory_fault,
)
from cfn_mlflow.types.service.tasks.sidecars import Sidecars
from cfn_mlflow.types.values.base import Properties, described
from cfn_mlflow.types.values.faults import WrongValueError
from cfn_mlflow.types.values.numbers import LogRetention, integer, integer_of
from cfn_mlflow.types.values.standing import may_stand

CPU_UNITS = 1024
"""The CPU units of one vCPU."""

MOST_WORKERS_BY_DEFAULT = 4

MIB_OF_A_TASK, MIB_OF_A_WORKER = 300, 275
"""MiB for MLflow's first process with room to work, and for each worker with boto3 loaded."""


class TaskProperties(Properties):
    """The size of the tasks, their number, their sidecars and logs."""

    cpu: Annotated[int, integer_of(*FARGATE_MEMORY)] = described(
        "Cpu", "CPU units of a task; 1024 are one vCPU.", default=2048, example=1024
    )
    memory: Annotated[int, integer(LEAST_MEMORY, MOST_MEMORY)] = described(
        "Memory",
        "MiB of memory of a task, of a size that Fargate has with {Cpu}, and with room for"
        " {Workers}.",
        default=4096,
        example=2048,
    )
    log_retention_in_days: LogRetention = described(
        "LogRetentionInDays", "Days for which logs are kept.", default=90, example=30
    )
    sidecar_container_definitions: Sidecars = described(
        "SidecarContainerDefinitions",
        "Containers beside the server's in every task, as `AWS::ECS::TaskDefinition` has them.",
        default=(),
        example=[{"Name": "agent", "Image": "public.ecr.aws/datadog/agent:7", "Essential": False}],
    )
    min_capacity: Annotated[int, integer(0, 5000)] = described(
        "MinCapacity", "Fewest tasks.", default=2, example=1
    )
    max_capacity: Annotated[int, integer(1, 5000)] = described(
        "MaxCapacity",
        "Most tasks. If it is more than {MinCapacity}, the service scales by CPU.",
        default=2,
        example=4,
    )
    cpu_target: Annotated[int, integer(1, 100)] = described(
        "CpuTarget", "Percent of CPU that scaling aims at.", default=70, example=50
    )
    workers: Annotated[int, integer(1, 64)] = described(
        "Workers",
        "Server processes in a task. MLflow takes 300 MiB of {Memory} and 275 for each.",
        default=None,
        default_words="one per vCPU, 1 to 4",
        example=2,
    )

    @field_validator("memory")
    @classmethod
    @may_stand
    def _fargate_size(cls, memory: int, info: ValidationInfo) -> int:
        fault = memory_fault(info.data["cpu"], memory) if "cpu" in info.data else ""
        if fault:
            raise WrongValueError(fault)
        return memory

    @field_validator("sidecar_container_definitions")
    @classmethod
    @may_stand
    def _room_for_sidecars(
        cls, sidecars: tuple[dict[str, Any], ...], info: ValidationInfo
    ) -> tuple[dict[str, Any], ...]:
        for unit, size in (("memory", "{Memory}"), ("cpu", "{Cpu}")):
            taken = sum(sidecar.get(unit, 0) for sidecar in sidecars)
            if unit in info.data and taken >= info.data[unit]:
                raise WrongValueError(f"together they leave MLflow nothing of {size}")
        return sidecars

    @field_validator("max_capacity")
    @classmethod
    @may_stand
    def _range(cls, most: int, info: ValidationInfo) -> int:
        fewest = info.data.get("min_capacity")
        if fewest is not None and fewest > most:
            raise WrongValueError(f"{most} is less than {{MinCapacity}}, {fewest}")
        return most

    @field_validator("workers", mode="before")
    @classmethod
    def _one_per_cpu(cls, value: Any, info: ValidationInfo) -> Any:
        if value is None:
            cpus = int(info.data.get("cpu", CPU_UNITS)) // CPU_UNITS
            return max(1, min(MOST_WORKERS_BY_DEFAULT, cpus))
        return value

    @field_validator("workers")
    @classmethod
    @may_stand
    def _room_for_workers(cls, workers: int, info: ValidationInfo) -> int:
        if {"memory", "sidecar_container_definitions"} <= info.data.keys():
            sidecars = info.data["sidecar_container_definitions"]
            left = info.data["memory"] - sum(sidecar.get("memory", 0) for sidecar in sidecars)
            needed = MIB_OF_A_TASK + workers * MIB_OF_A_WORKER
            if left < needed:
                raise WrongValueError(
                    f"{workers} of them need {needed} MiB, and {{Memory}} leaves {left} to MLflow:"
                    " raise that, or lower this"
                )
        return workers

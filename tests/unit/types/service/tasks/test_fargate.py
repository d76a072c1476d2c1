"""The sizes that Fargate has."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cfn_mlflow.types.service.properties import ServiceProperties
from cfn_mlflow.types.service.tasks.fargate import FARGATE_MEMORY
from tests.support.properties.properties_kit import SERVICE, faults


@given(st.sampled_from(list(FARGATE_MEMORY)), st.integers(2, 250).map(lambda gib: gib * 512))
def test_given_a_size_then_it_is_taken_only_if_fargate_has_it(cpu: int, memory: int) -> None:
    told = faults(ServiceProperties, SERVICE | {"Cpu": str(cpu), "Memory": str(memory)})
    assert bool(told) == (memory not in FARGATE_MEMORY[cpu])
    assert all(fault.startswith("Memory: must be ") for fault in told)


def test_given_the_bounds_of_memory_then_each_is_a_size_that_is_taken() -> None:
    schema = ServiceProperties.model_json_schema()["properties"]["Memory"]
    for cpu, memory in ((256, schema["minimum"]), (32_768, schema["maximum"])):
        assert not faults(ServiceProperties, SERVICE | {"Cpu": str(cpu), "Memory": str(memory)})

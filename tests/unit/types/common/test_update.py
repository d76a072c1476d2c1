"""An Update of what runs: faults that it has already stand, every other is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfn_mlflow.outcome import InvalidProperties
from cfn_mlflow.types.common.update import parse_rollback, parse_update
from cfn_mlflow.types.mlflow.properties import MLflowProperties
from cfn_mlflow.types.service.properties import ServiceProperties
from cfn_mlflow.types.values.base import Properties
from tests.support.properties.properties_kit import JOINED, SERVICE, TYPES

SMALL = {"ServiceCpu": "256", "ServiceMemory": "1024", "ServiceWorkers": "3"}
SMALL_FAULT = (
    "ServiceWorkers: 3 of them need 1125 MiB, and ServiceMemory leaves 1024 to MLflow: raise that,"
    " or lower this"
)
TAB = {"Tags": {"team": "a\tb"}}


def asked(new: dict[str, Any], old: dict[str, Any]) -> tuple[MLflowProperties, tuple[str, ...]]:
    return parse_update(MLflowProperties, JOINED | new, JOINED | old)


def refused(new: dict[str, Any], old: dict[str, Any]) -> list[str]:
    """Return the properties that an Update is refused for."""
    with pytest.raises(InvalidProperties) as told:
        asked(new, old)
    return [fault.split(":")[0] for fault in told.value.faults]


@pytest.mark.parametrize(
    "faulty",
    [
        SMALL,
        {"ServiceCpu": "256", "ServiceMemory": "512"},
        TAB,
        {"Tags": [{"Key": "Team", "Value": "a"}, {"Key": "team", "Value": "b"}]},
        {"ServiceMaxCapacity": "50"},
        {"ServiceBasicAuth": "true", "ServiceImageTag": "v3.10.0-full"},
        {"ServiceCpu": "3000"},
        {"ServiceMaxCapacity": "0"},
        {"LoadBalancerIngressCidrBlocks": ["10.0.0.1/8"]},
        {"DatabaseEngineVersion": "14.1"},
        {"DatabaseEngineVersion": "latest"},
        {"DatabaseMinCapacity": "0.7"},
        {"ArtifactBucketPath": "mlflow"},
        {"ServiceSidecarContainerDefinitions": [{"Name": "mlflow", "Image": "a:1"}]},
        {"Formerly": "known"},
    ],
    ids=str,
)
def test_given_a_fault_that_runs_already_then_it_stands_and_is_told(faulty: dict[str, Any]) -> None:
    more = {"ServiceLogRetentionInDays": "30"}
    properties, standing = asked(faulty | more, faulty)
    assert properties.service().log_retention_in_days == 30
    assert standing
    assert {fault.split(":")[0].split(".")[0].split("[")[0] for fault in standing} <= {
        *faulty,
        "ServiceWorkers",
    }


def test_given_a_fault_that_stands_then_the_values_are_those_that_run() -> None:
    properties, _ = asked(
        SMALL | TAB | {"ServiceMaxCapacity": "50"}, SMALL | TAB | {"ServiceMaxCapacity": "50"}
    )
    service = properties.service()
    assert (service.cpu, service.memory, service.workers) == (256, 1024, 3)
    assert service.max_capacity == 50
    assert properties.tags == TAB["Tags"]


def test_given_a_new_fault_beside_an_old_one_then_only_the_new_one_is_told() -> None:
    assert refused(SMALL | TAB, SMALL) == ["Tags.team"]
    assert refused(SMALL | {"DatabaseInstanceCount": "0"}, SMALL) == ["DatabaseInstanceCount"]


def test_given_a_new_fault_that_an_old_one_hid_then_it_is_refused() -> None:
    old = {"ServiceCpu": "3000", "ServiceMaxCapacity": "2"}
    assert refused(old | {"ServiceMaxCapacity": "60"}, old) == ["ServiceMaxCapacity"]


@pytest.mark.parametrize(
    ("new", "old", "told"),
    [
        (SMALL | {"ServiceWorkers": "4"}, SMALL, "ServiceWorkers"),
        (SMALL, {}, "ServiceWorkers"),
        ({"ServiceMaxCapacity": "51"}, {"ServiceMaxCapacity": "50"}, "ServiceMaxCapacity"),
        (
            {"ServiceMaxCapacity": "50", "DatabaseMaxCapacity": "1"},
            {"ServiceMaxCapacity": "50"},
            "ServiceMaxCapacity",
        ),
        (
            {"ServiceMaxCapacity": "1", "ServiceMinCapacity": "3"},
            {"ServiceMaxCapacity": "1"},
            "ServiceMaxCapacity",
        ),
        ({"Tags": {"team": "a\tb", "cost": "c"}}, TAB, "Tags.team"),
        ({"Formerly": "unknown"}, {"Formerly": "known"}, "Formerly"),
    ],
)
def test_given_another_value_of_any_part_of_a_fault_then_it_is_refused(
    new: dict[str, Any], old: dict[str, Any], told: str
) -> None:
    assert refused(new, old) == [told]


def test_given_no_value_that_can_be_read_then_it_is_refused_though_it_was_there() -> None:
    for faulty in ({"ServiceCpu": "many"}, {"DatabaseAutoPause": "perhaps"}, {"Tags": "none"}):
        assert refused(faulty, faulty) == [*faulty]


@pytest.mark.parametrize("key", ["cfn-mlflow:allow", "AWS:name", "rds:x"])
def test_given_a_reserved_key_then_it_is_refused_though_it_was_there(key: str) -> None:
    assert refused({"Tags": {key: "x"}}, {"Tags": {key: "x"}}) == [f"Tags.{key.partition(':')[0]}"]


def test_given_a_part_alone_then_its_own_names_are_told() -> None:
    small = {"Cpu": "256", "Memory": "1024", "Workers": "3"}
    _, standing = parse_update(ServiceProperties, SERVICE | small, SERVICE | small)
    assert standing == (SMALL_FAULT.replace("ServiceW", "W").replace("ServiceM", "M"),)


def test_given_a_rollback_then_all_faults_stand_whatever_was_asked_in_between() -> None:
    properties, standing = parse_rollback(MLflowProperties, JOINED | SMALL | TAB)
    assert properties.service().workers == 3
    assert SMALL_FAULT in standing
    assert len(standing) == 2


@pytest.mark.parametrize("model", TYPES)
@given(data=st.data())
def test_given_any_properties_then_they_are_asked_or_refused_in_words(
    model: type[Properties], data: st.DataObject
) -> None:
    values: st.SearchStrategy[Any] = st.sampled_from(
        ["", "x", "0", "1", "9", "100000", "true", [], ["a"], {}, {"a": "\t"}, [{"Name": "!"}]]
    )
    names = st.sampled_from([*model.property_names(), "Nonsense"])
    new, old = (data.draw(st.dictionaries(names, values, max_size=8)) for _ in range(2))
    base = JOINED if model is MLflowProperties else SERVICE if model is ServiceProperties else {}
    for former in (base | old, base | new, None):
        try:
            parsed, _ = (
                parse_rollback(model, base | new)
                if former is None
                else parse_update(model, base | new, former)
            )
            assert isinstance(parsed, model)
        except InvalidProperties as told:
            assert told.faults
            assert "invalid literal" not in str(told)

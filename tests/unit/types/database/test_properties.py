"""Custom::MLflowDatabase."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfn_mlflow.types.database.properties import DatabaseProperties
from cfn_mlflow.types.values.base import parse
from tests.support.properties.properties_kit import DATABASE, KEY_ARN, faults


def test_given_the_required_properties_then_the_defaults_of_the_docs() -> None:
    database = parse(DatabaseProperties, DATABASE)
    assert (database.min_capacity, database.max_capacity) == (0.5, 2.0)
    assert database.auto_pause is False
    assert database.seconds_until_auto_pause == 300
    assert database.skip_final_snapshot is False
    assert database.engine_version == "17", "AWS drops minor versions for new clusters"
    assert database.instance_count == 2
    assert database.backup_retention_period == 14
    assert database.kms_key_arn is database.password_secret_arn is None


@given(st.integers(1, 512), st.integers(2, 512))
def test_capacities_as_strings_are_refused_only_if_the_lowest_is_more(
    lowest: int, highest: int
) -> None:
    asked = {"MinCapacity": f"{lowest / 2:g}", "MaxCapacity": f"{highest / 2:g}"}
    told = faults(DatabaseProperties, DATABASE | asked)
    assert bool(told) == (lowest > highest)
    assert all(fault.startswith("MaxCapacity: ") and "MinCapacity" in fault for fault in told)


@pytest.mark.parametrize("lowest", ["", "0"])
def test_given_auto_pause_then_the_lowest_capacity_is_none(lowest: str) -> None:
    asked = DATABASE | {"AutoPause": "True", "MinCapacity": lowest}
    assert parse(DatabaseProperties, asked).min_capacity == 0


@pytest.mark.parametrize(
    ("properties", "fault"),
    [
        (
            {"AutoPause": "true", "MinCapacity": "0.5"},
            "MinCapacity: must be 0 or unset with AutoPause: true, which pauses at 0",
        ),
        (
            {"MinCapacity": "0"},
            "MinCapacity: 0 needs AutoPause: true; the lowest without it is 0.5",
        ),
        ({"MinCapacity": "3"}, "MaxCapacity: 2 is less than MinCapacity, 3"),
        ({"MaxCapacity": "0.5"}, "MaxCapacity: must be 1 to 256 in steps of 0.5"),
        ({"MaxCapacity": "256.5"}, "MaxCapacity: must be 1 to 256 in steps of 0.5"),
        ({"SecondsUntilAutoPause": "299"}, "SecondsUntilAutoPause: must be 300 to 86400"),
        ({"SubnetIds": ["subnet-a"]}, "SubnetIds: needs at least 2"),
        ({"SubnetIds": ["subnet-a", "subnet-a"]}, "SubnetIds: must not name the same twice"),
        ({"SubnetIds": ["subnet-a", "b"]}, "SubnetIds[1]: must be a subnet's id, subnet-..."),
        ({"EngineVersion": "14.9"}, "EngineVersion: the major version must be 15, 16, 17, 18"),
        (
            {"EngineVersion": "16.2"},
            "EngineVersion: must be 16.3 or later, for the Data API and pausing",
        ),
        (
            {"EngineVersion": "8.0.mysql_aurora.3.08.0"},
            "EngineVersion: must be a PostgreSQL version such as 17 or 17.7",
        ),
        ({"BackupRetentionPeriod": "0"}, "BackupRetentionPeriod: must be 1 to 35"),
        (
            {"PasswordSecretArn": "hunter2"},
            "PasswordSecretArn: must be a secret's ARN, arn:aws:secretsmanager:..."
            " (never a password)",
        ),
        (
            {"KmsKeyArn": KEY_ARN.replace("key/", "alias/")},
            "KmsKeyArn: must be a KMS key's ARN, arn:aws:kms:...",
        ),
    ],
)
def test_given_what_aurora_cannot_do_then_it_is_refused_before_any_call(
    properties: dict[str, Any], fault: str
) -> None:
    assert faults(DatabaseProperties, DATABASE | properties) == (fault,)


@pytest.mark.parametrize("version", ["17", "18", "17.7", "17.11", "16.3", "15.7"])
def test_given_a_major_or_a_full_version_that_can_pause_then_it_is_taken(version: str) -> None:
    asked = DATABASE | {"EngineVersion": version}
    assert parse(DatabaseProperties, asked).engine_version == version

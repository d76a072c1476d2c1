"""Custom::MLflowSchema: what is current passes, all else fails naming what differs."""

from __future__ import annotations

import pytest

from cfn_mlflow.models.base import parse, parse_for_removal
from cfn_mlflow.models.schema import SchemaAttributes, SchemaProperties
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.resources import schema
from cfn_mlflow.resources.schema_check import Report, State
from tests.unit.support.service_kit import HEAD, converge, owner, remove

PROPERTIES = {
    "ClusterArn": "arn:aws:rds:eu-west-1:123456789012:cluster:mlflow",
    "SecretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mlflow-AbCdEf",
    "ImageTag": "v3.17.2-full",
}


def reports(monkeypatch: pytest.MonkeyPatch, report: Report) -> None:
    monkeypatch.setattr(schema, "check", lambda _, expected: report)


def report(state: State, *differences: str, found: str | None = HEAD, advice: str = "") -> Report:
    return Report(state, found, HEAD, ("a", "b"), (), differences, advice=advice)


def test_given_a_current_schema_then_its_attributes(monkeypatch: pytest.MonkeyPatch) -> None:
    reports(monkeypatch, Report(State.CURRENT, HEAD, HEAD))
    given = converge(schema._graph(owner(), parse(SchemaProperties, PROPERTIES)))
    assert given == {
        "State": "current",
        "Revision": HEAD,
        "ExpectedRevision": HEAD,
        "MlflowVersion": "3.17.2",
        "Differences": "0",
        "PendingRevisions": "",
    }
    assert given.keys() == {str(f.alias) for f in SchemaAttributes.model_fields.values()}


@pytest.mark.parametrize("state", [State.EMPTY, State.BEHIND, State.AHEAD, State.UNKNOWN])
def test_given_any_other_state_then_it_fails_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, state: State
) -> None:
    reports(monkeypatch, report(state, found="0123456789ab", advice="Do this."))
    with pytest.raises(PermanentError) as raised:
        converge(schema._graph(owner(), parse(SchemaProperties, PROPERTIES)))
    told = str(raised.value)
    assert told.startswith(f"schema: {state}: the database is 0123456789ab, MLflow 3.17.2 expects")
    assert told.endswith("Do this.")


def test_given_differences_then_the_first_are_named_within_400_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lost = [f"table experiments: column number_{n} is missing" for n in range(40)]
    reports(monkeypatch, report(State.CURRENT, *lost, advice="x" * 200))
    with pytest.raises(PermanentError, match="column number_0 is missing; ") as raised:
        converge(schema._graph(owner(), parse(SchemaProperties, PROPERTIES)))
    assert len(str(raised.value).encode()) <= 400
    assert str(raised.value).endswith("x" * 200)


def test_given_an_image_whose_release_is_not_known_then_it_says_so() -> None:
    asked = parse(
        SchemaProperties,
        {k: v for k, v in PROPERTIES.items() if k != "ImageTag"} | {"Image": "mine:latest"},
    )
    with pytest.raises(PermanentError, match="names no MLflow release"):
        converge(schema._graph(owner(), asked))


def test_given_a_delete_of_whatever_was_asked_then_nothing_is_looked_at() -> None:
    remove(schema._graph(owner(), parse_for_removal(SchemaProperties, {"ClusterArn": "wrong"})))

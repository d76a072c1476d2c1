"""Custom::MLflowSchema: what is current passes, all else fails naming what differs."""

from __future__ import annotations

import pytest

from cfn_mlflow.aws.core.errors import explain
from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import Done, PermanentError, Waiting
from cfn_mlflow.reason import Reason
from cfn_mlflow.schema_check.check import SchemaReport, State
from cfn_mlflow.schema_check.look import Watcher
from cfn_mlflow.types.schema import graph as schema
from cfn_mlflow.types.schema.attributes import SchemaAttributes
from cfn_mlflow.types.schema.properties import SchemaProperties
from cfn_mlflow.types.values.base import parse, parse_for_removal
from tests.support.codes import failing
from tests.support.objects.service_kit import HEAD, converge, owner, remove
from tests.support.properties import named_things as things

PROPERTIES = {
    "ClusterArn": "arn:aws:rds:eu-west-1:123456789012:cluster:mlflow",
    "SecretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mlflow",
    "ImageTag": "v3.17.2-full",
}


@pytest.fixture(autouse=True)
def database(aws: None) -> None:
    """The cluster and the secret that are named, allowed to the stack."""
    del aws
    things.cluster("mlflow")
    things.secret("mlflow")


def reports(monkeypatch: pytest.MonkeyPatch, *found: SchemaReport) -> None:
    """Let one look after the other come to these."""
    looks = iter(found)
    monkeypatch.setattr(Watcher, "look", lambda _: next(looks))


def report(state: State, *differences: str, found: str | None = HEAD, **more: str) -> SchemaReport:
    return SchemaReport(state, found, HEAD, ("a", "b"), (), differences, **more)  # type: ignore[arg-type]


def graph_of(properties: dict[str, str]) -> Graph:
    return schema._graph(owner(), parse(SchemaProperties, properties))


def test_given_a_current_schema_then_its_attributes(monkeypatch: pytest.MonkeyPatch) -> None:
    reports(monkeypatch, SchemaReport(State.CURRENT, HEAD, HEAD))
    given = converge(graph_of(PROPERTIES))
    assert given == {
        "State": "current",
        "Revision": HEAD,
        "ExpectedRevision": HEAD,
        "MlflowVersion": "3.17.2",
        "Differences": "0",
        "PendingRevisions": "",
    }
    assert given.keys() == {str(f.alias) for f in SchemaAttributes.model_fields.values()}


FINAL = [state for state in State if not state.retryable and state is not State.CURRENT]
PASSING = [state for state in State if state.retryable]


def test_each_final_state_has_a_code() -> None:
    assert {state: state.code for state in FINAL} == {
        State.EMPTY: Reason.SchemaEmpty,
        State.BEHIND: Reason.SchemaBehind,
        State.AHEAD: Reason.SchemaAhead,
        State.UNKNOWN: Reason.SchemaUnknown,
        State.FOREIGN: Reason.SchemaForeign,
        State.HALF_MIGRATED: Reason.SchemaHalfMigrated,
        State.STOPPED: Reason.DatabaseStopped,
        State.REFUSED: Reason.DatabaseRefused,
    }
    assert not [state for state in (State.CURRENT, *PASSING) if state.code]


@pytest.mark.parametrize("state", FINAL)
def test_given_a_final_state_then_it_fails_at_once_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, state: State
) -> None:
    reports(monkeypatch, report(state, reason="Data API: no.", advice=state.advice))
    with pytest.raises(PermanentError) as raised:
        Convergence(graph_of(PROPERTIES), explain).step()
    assert raised.value.reason is state.code
    told = str(raised.value)
    assert told.startswith(f"schema: {state}: ")
    assert ("MLflow 3.17.2 expects" if state.read else "Data API: no. ") in told
    assert told.endswith(state.advice)
    assert len(f"{raised.value.reason.prefix}{told}".encode()) <= 400


@pytest.mark.parametrize("state", PASSING)
def test_state_that_passes_is_waited_for_until_the_schema_can_be_read(
    monkeypatch: pytest.MonkeyPatch, state: State
) -> None:
    reports(
        monkeypatch,
        report(state, reason="Data API: not now"),
        report(state, advice=state.advice),
        SchemaReport(State.CURRENT, HEAD, HEAD),
    )
    convergence = Convergence(graph_of(PROPERTIES), explain)
    assert convergence.step() == Waiting({"schema": f"{state}: Data API: not now"})
    assert convergence.step() == Waiting({"schema": f"{state}: {state.advice}"})
    assert isinstance(convergence.step(), Done)


def test_given_a_table_that_is_missing_then_a_revision_that_is_current_does_not_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reports(monkeypatch, SchemaReport(State.CURRENT, HEAD, HEAD, (), ("table runs is missing",)))
    with failing(Reason.SchemaDamaged, match="table runs is missing"):
        converge(graph_of(PROPERTIES))


def test_given_differences_then_the_first_are_named_within_400_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lost = [f"table experiments: column number_{n} is missing" for n in range(40)]
    reports(monkeypatch, report(State.CURRENT, *lost, advice="x" * 200))
    with pytest.raises(PermanentError, match="column number_0 is missing; ") as raised:
        converge(graph_of(PROPERTIES))
    assert len(f"{raised.value.reason.prefix}{raised.value}".encode()) <= 400
    assert str(raised.value).endswith("x" * 200)


def test_given_an_image_whose_release_is_not_known_then_it_says_so() -> None:
    asked = {k: v for k, v in PROPERTIES.items() if k != "ImageTag"} | {"Image": "mine:latest"}
    with failing(Reason.ReleaseUnknown, match="names no MLflow release"):
        converge(graph_of(asked))


def test_given_a_delete_of_whatever_was_asked_then_nothing_is_looked_at() -> None:
    remove(schema._graph(owner(), parse_for_removal(SchemaProperties, {"ClusterArn": "wrong"})))

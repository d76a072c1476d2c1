"""Outputs: known once their resources serve, and refused by mypy where a value is needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from mypy import api

from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.output import NotKnown, combine, gather, known, output_of
from cfn_mlflow.outcome import Done
from tests.support.engine.things import Item, Thing, World, explain

ROOT = Path(__file__).parents[3]


def served(**values: str) -> list[Thing]:
    """Return things that serve, each with its value."""
    world, graph = World(), Graph()
    made = [graph.add(Thing(world, name, value)) for name, value in values.items()]
    assert isinstance(Convergence(graph, explain).step(), Done)
    return made


def value_of(item: Item) -> str:
    return item.value


def test_an_output_is_not_known_before_its_resource_serves() -> None:
    output = Thing(World(), "a").output(value_of)
    with pytest.raises(NotKnown, match="thing a"):
        known(output)


def test_an_output_gives_what_was_observed_once_its_resource_serves() -> None:
    [one] = served(a="1")
    assert known(one.output(value_of)) == "1"
    assert known("plain") == "plain"


def test_a_mapped_output_is_made_of_the_value() -> None:
    [one] = served(a="1")
    assert known(one.output(value_of).map(int)) == 1


def test_a_combined_output_takes_values_as_outputs() -> None:
    one, two = served(a="1", b="2")
    dash = output_of("-")
    combined = combine(
        lambda a, b, c: f"{a}{b}{c}", one.output(value_of), dash, two.output(value_of)
    )
    assert known(combined) == "1-2"
    assert set(combined.sources) == {one, two}


def test_a_gathered_output_is_known_when_the_last_of_many_is() -> None:
    [one] = served(a="1")
    late = Thing(World(), "b")
    assert known(gather((one.output(value_of), output_of("x")))) == ("1", "x")
    with pytest.raises(NotKnown, match="thing b"):
        known(gather((one.output(value_of), late.output(value_of))))


def test_an_output_that_waits_for_others_is_not_known_before_they_serve() -> None:
    one, two = served(a="1", b="2")
    late = Thing(World(), "c")
    assert known(one.output(value_of).after(two)) == "1"
    with pytest.raises(NotKnown, match="thing c"):
        known(one.output(value_of).after(two, late))


def test_an_output_is_forgotten_when_the_graph_is_observed_anew() -> None:
    world, graph = World(), Graph()
    one = graph.add(Thing(world, "a", "1"))
    Convergence(graph, explain).step()
    Convergence(graph, explain)
    with pytest.raises(NotKnown):
        known(one.output(value_of))


def test_an_output_in_a_text_is_an_error() -> None:
    [one] = served(a="1")
    with pytest.raises(TypeError, match="an output is no value"):
        f"{one.output(value_of)}"


MISTAKES = """
from cfn_mlflow.engine.output import Output, Value, known
from tests.support.engine.things import Thing, World

def takes(value: str) -> None: ...

role: Thing = Thing(World(), "role")
arn: Output[str] = role.output(lambda view: view.value)
takes(known(arn))
Thing(World(), "user", uses=arn)
takes(arn)
Thing(World(), "user", value=arn)
Thing(World(), "user", uses=role.output(lambda view: view.hidden))
arn.upper()
"""


def test_mypy_refuses_an_output_where_a_value_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    mistakes = tmp_path / "mistakes.py"
    mistakes.write_text(MISTAKES)
    told, failed, _ = api.run(
        [
            "--strict",
            "--no-error-summary",
            *("--config-file", "pyproject.toml"),
            *("--follow-imports", "silent"),
            str(mistakes),
        ]
    )
    assert not failed
    lines = MISTAKES.splitlines()
    errors = [error for error in told.splitlines() if "error:" in error]
    wrong = {lines[int(error.split(":")[1]) - 1] for error in errors}
    assert wrong == {*lines[-4:]}, told

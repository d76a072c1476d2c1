"""A call of a resource's method: an error is temporary, permanent, or a bug."""

from __future__ import annotations

import pytest

from cfn_mlflow.engine.calls import AlreadyThereError, DeniedError, call
from cfn_mlflow.outcome import PermanentError, TemporaryError
from tests.support.engine.things import Item, Thing, World, explain


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("busy", TemporaryError),
        ("quota", PermanentError),
        ("denied", DeniedError),
        ("already there", AlreadyThereError),
    ],
)
def test_an_error_of_the_world_is_explained(code: str, kind: type[Exception]) -> None:
    thing = Thing(World(fails={"create a": [code]}), "a")
    with pytest.raises(kind):
        call(explain, thing, thing.create)


def test_an_error_that_nobody_explains_is_raised_as_it_is() -> None:
    thing = Thing(World({"a": Item("us", "")}), "a")
    with pytest.raises(AssertionError, match="made twice"):
        call(explain, thing, thing.create)


def test_what_a_method_returns_is_returned() -> None:
    thing = Thing(World({"a": Item("us", "1")}), "a")
    found = call(explain, thing, thing.observe)
    assert found
    assert found.view.value == "1"

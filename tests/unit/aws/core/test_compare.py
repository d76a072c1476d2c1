"""What AWS holds against what is asked."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.aws.core.compare import covers, differences, without_none


@pytest.mark.parametrize(
    ("found", "asked"),
    [
        ({"a": 1, "added by AWS": 0}, {"a": 1}),
        ({"a": [{"name": "y"}, {"name": "x", "cpu": 0}]}, {"a": [{"name": "x"}, {"name": "y"}]}),
        ({}, {"a": []}),
        ({"a": None}, {"a": {}}),
        ({"a": {"b": [1, 2]}}, {"a": {"b": (1, 2)}}),
    ],
)
def test_given_all_that_is_asked_and_more_then_no_difference(found: Any, asked: Any) -> None:
    assert covers(found, asked)
    assert differences(found, asked) == ()


@pytest.mark.parametrize(
    ("found", "asked"),
    [
        ({"a": 1}, {"a": 2}),
        ({}, {"a": 1}),
        ({"a": [1]}, {"a": []}),
        ({"a": [2, 1]}, {"a": [1, 2]}),
        ({"a": [{"name": "x"}]}, {"a": [{"name": "x"}, {"name": "y"}]}),
        ({"a": "x"}, {"a": ["x"]}),
        ({"a": "x"}, {"a": {"b": "x"}}),
        ({"a": "x"}, {"a": None}),
        ({"a": [{"name": "x", "user": "0"}]}, {"a": [{"name": "x", "user": None}]}),
    ],
)
def test_given_another_value_then_its_key_is_named(found: Any, asked: Any) -> None:
    assert differences(found, asked) == ("a",)


def test_given_what_must_not_be_there_then_a_request_leaves_it_out() -> None:
    asked = {"a": None, "b": [{"c": None, "d": 0}], "e": {"f": None}, "g": []}
    assert without_none(asked) == {"b": [{"d": 0}], "e": {}, "g": []}

"""Lists, as CloudFormation sends them."""

from __future__ import annotations

import pytest

from cfn_mlflow.types.values import lists


def test_given_an_empty_comma_delimited_list_then_it_is_an_empty_list() -> None:
    assert lists.read_list([""]) == []


@pytest.mark.parametrize(
    ("value", "words"), [("a,b", "!Split"), ({"a": 1}, "a list"), (["a", "a"], "twice")]
)
def test_given_no_list_of_different_items_then_it_is_refused(value: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        lists.read_list(value)

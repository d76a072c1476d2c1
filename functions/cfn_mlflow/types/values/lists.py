"""Lists: how one is read, and which items it must not have."""

from __future__ import annotations

from typing import Any

from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema

from cfn_mlflow.types.values.faults import WrongValueError
from cfn_mlflow.types.values.rules import WORDS

_LIST = "must be a list, not a string; split a string with !Split [',', ...]"


def read_list(value: object) -> list[object]:
    """Return a list without its empty items: an empty CommaDelimitedList has one.

    Raises WrongValueError if the value is no list, or if an item is in it twice.
    """
    if isinstance(value, str):
        raise WrongValueError(_LIST)
    if not isinstance(value, list | tuple):
        raise WrongValueError("must be a list")
    items = [item for item in value if item != ""]
    if any(item in items[:index] for index, item in enumerate(items)):
        raise WrongValueError("must not name the same twice")
    return items


class ListWords:
    """Adds to a list's JSON Schema the message for a value that is no list."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), WORDS: _LIST}

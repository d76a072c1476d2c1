"""The rule of a single value: how it is read, and what its JSON Schema says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from cfn_mlflow.types.values.faults import UNREAD, WrongValueError
from cfn_mlflow.types.values.standing import read_or_stand

WORDS = "errorMessage"
"""The key of the message in a JSON Schema. Editors and the linter's rules show the message."""

_BOOLEAN = "must be true or false"


@dataclass(frozen=True, eq=False)
class ValueRule:
    """How a value is read, and what its JSON Schema says. It is an annotation of a field's type."""

    read: Callable[[Any], Any]
    schema: Mapping[str, Any]

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        name = handler.field_name

        def read(value: object, info: ValidationInfo) -> object:
            return read_or_stand(self.read, value, name, info)

        return core_schema.with_info_plain_validator_function(read)

    def __get_pydantic_json_schema__(
        self, _: CoreSchema, __: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return dict(self.schema)


def read_text(value: object) -> str:
    """Return a string. Raises WrongValueError for any other value."""
    if not isinstance(value, str):
        raise WrongValueError("must be a single string")
    return value


def read_boolean(value: object) -> bool:
    """Return a boolean, which CloudFormation sends as a string."""
    word = str(value).lower() if isinstance(value, bool | str) else ""
    if word not in {"true", "false"}:
        raise WrongValueError(_BOOLEAN)
    return word == "true"


def choice(*allowed: str) -> ValueRule:
    """Return the rule of a string that is one of the allowed ones."""
    must = f"must be {' or '.join(allowed)}"

    def read(value: object) -> str:
        if value not in allowed:
            raise WrongValueError(must, value if isinstance(value, str) else UNREAD)
        return read_text(value)

    return ValueRule(read, {"type": "string", "enum": list(allowed), WORDS: must})


def text(pattern: str, must: str) -> ValueRule:
    """Return the rule of a string that matches a pattern as a whole.

    `must` describes the form for the user: it follows "must" in the message.
    """
    form = re.compile(pattern)

    def read(value: object) -> str:
        if not form.fullmatch(read_text(value)):
            raise WrongValueError(f"must {must}", value)
        return read_text(value)

    return ValueRule(read, {"type": "string", "pattern": f"^(?:{pattern})$", WORDS: f"must {must}"})


Boolean = Annotated[bool, ValueRule(read_boolean, {"type": "boolean", WORDS: _BOOLEAN})]

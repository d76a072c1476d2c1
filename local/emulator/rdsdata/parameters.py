"""Named parameters of the Data API (`:name`) as PostgreSQL takes them, with the Data API's types.

AWS binds parameters on the server. So only a query or a change of rows can have any (`CREATE ROLE
... PASSWORD :p` is a syntax error), and a string does not turn into a uuid by itself. PREPARE has
exactly these rules.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg2.extensions import Binary

_TOKENS = re.compile(
    r"""
      '(?:[^']|'')*'                        # a string
    | "(?:[^"]|"")*"                        # an identifier
    | --[^\n]*                              # a comment
    | /\*.*?\*/                             # a comment
    | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$       # a dollar-quoted string
    | ::                                    # a cast
    | (?<![\w:]):(?P<name>[A-Za-z_]\w*|\d+) # a parameter
    | (?P<end>;)
    """,
    re.VERBOSE | re.DOTALL,
)
_HINTS = {
    "DATE": "date",
    "DECIMAL": "numeric",
    "JSON": "json",
    "TIME": "time",
    "TIMESTAMP": "timestamp",
    "UUID": "uuid",
}
_STATEMENT = "data_api"


class ParameterError(ValueError):
    """A request that the Data API refuses before it asks the database."""


@dataclass(frozen=True)
class Value:
    """A parameter's value and its PostgreSQL type."""

    value: Any
    type: str


def convert(parameters: Sequence[Mapping[str, Any]]) -> dict[str, Value]:
    """Return the values of a request's `parameters` by name; raises ParameterError."""
    return {parameter["name"]: _value(parameter) for parameter in parameters}


def check_single(sql: str) -> None:
    """Raise ParameterError when `sql` holds more than one statement."""
    ends = [match.end() for match in _TOKENS.finditer(sql) if match["end"]]
    if ends and sql[ends[0] :].strip(" \t\r\n;"):
        raise ParameterError("Multistatements aren't supported.")


def prepare(sql: str, values: Mapping[str, Value]) -> tuple[list[str], str, list[str]]:
    """Return the PREPARE statement, as a list of one or none, the EXECUTE, and its names."""
    order: list[str] = []

    def place(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None or name not in values:
            return match[0]
        if name not in order:
            order.append(name)
        return f"${order.index(name) + 1}"

    text = _TOKENS.sub(place, sql).rstrip().rstrip(";")
    if not order:
        return [], text, []
    types = ", ".join(values[name].type for name in order)
    marks = ", ".join(_mark(values[name].type) for name in order)
    return (
        [f"DEALLOCATE ALL; PREPARE {_STATEMENT} ({types}) AS {text}"],
        f"EXECUTE {_STATEMENT} ({marks})",
        order,
    )


def _mark(type_name: str) -> str:
    return "%s" if type_name == "unknown" else f"%s::{type_name}"


def _value(parameter: Mapping[str, Any]) -> Value:
    hint = parameter.get("typeHint")
    value = parameter.get("value") or {}
    if "arrayValue" in value:
        raise ParameterError("Array parameters are not supported.")
    if value.get("isNull"):
        return Value(None, _HINTS.get(hint or "", "unknown"))
    if "stringValue" in value:
        return Value(value["stringValue"], _HINTS.get(hint or "", "varchar"))
    if "longValue" in value:
        return Value(value["longValue"], "bigint")
    if "doubleValue" in value:
        return Value(value["doubleValue"], "double precision")
    if "booleanValue" in value:
        return Value(value["booleanValue"], "boolean")
    if "blobValue" in value:
        return Value(Binary(base64.b64decode(value["blobValue"])), "bytea")
    raise ParameterError(f"The parameter {parameter.get('name')} has no value.")

"""Sidecars: the user's container definitions, checked against the shape of the ECS API."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from cfn_mlflow.types.common.image import IMAGE
from cfn_mlflow.types.values.faults import WrongPartsError, WrongValueError
from cfn_mlflow.types.values.names import SECRET_ARN, SECRET_VALUE
from cfn_mlflow.types.values.numbers import read_integer
from cfn_mlflow.types.values.rules import WORDS, ValueRule, read_boolean, read_text
from cfn_mlflow.types.values.suggestion import suggestion

MLFLOW_CONTAINER = "mlflow"
"""The server's own container, whose name no sidecar may take."""

_RULES: Mapping[str, ValueRule] = {
    "image": IMAGE,
    "valueFrom": SECRET_VALUE,
    "credentialsParameter": SECRET_ARN,
}
"""The rules of the fields for which the tasks get rights, in any part of a definition."""

_REFUSED: Mapping[str, str] = {
    "environmentFiles": (
        "is not taken, for the tasks may read no such file when they start. Write the values in"
        " Environment, and what is secret in Secrets"
    ),
}
"""Fields of the ECS API with which the tasks could not start: why, and what to write instead."""

_LIST = "must be a list of container definitions"
_NAME = re.compile(r"[0-9A-Za-z_-]{1,255}")


@functools.cache
def container_definition() -> dict[str, Any]:
    """Return the shape that a sidecar must have, as a JSON Schema with the API's names."""
    source = Path(__file__).with_name("container_definition.json")
    shape: dict[str, Any] = json.loads(source.read_text())
    return shape


def read_sidecars(value: object) -> tuple[dict[str, Any], ...]:
    """Return the definitions with the names and types of RegisterTaskDefinition.

    The user may write names as CloudFormation (`LogConfiguration`) or as the API. Raises
    WrongValueError if the value is no list, and WrongPartsError with every fault inside it.
    """
    if not isinstance(value, list | tuple):
        raise WrongValueError(_LIST)
    wrong: dict[str, str] = {}
    read = [_read(item, container_definition(), f"[{i}]", wrong) for i, item in enumerate(value)]
    if wrong:
        raise WrongPartsError(wrong)
    for index, definition in enumerate(read):
        wrong |= dict(_against_the_rules(definition, f"[{index}]"))
    wrong |= _among_themselves(read)
    if wrong:
        raise WrongPartsError(wrong, tuple(read))
    return tuple(read)


def _against_the_rules(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Yield the place of each value that a rule refuses, and what is wrong with it."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _against_the_rules(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            place = f"{path}.{_pascal(name)}"
            if name in _REFUSED:
                if item:
                    yield place, _REFUSED[name]
                continue
            if name not in _RULES or not isinstance(item, str):
                yield from _against_the_rules(item, place)
                continue
            try:
                _RULES[name].read(item)
            except WrongValueError as error:
                yield place, str(error)


def _among_themselves(definitions: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    wrong: dict[str, str] = {}
    names = [MLFLOW_CONTAINER]
    for index, definition in enumerate(definitions):
        name = definition["name"]
        if not _NAME.fullmatch(name):
            wrong[f"[{index}].Name"] = "must be 1 to 255 letters, digits, _ and -"
        elif name in names:
            wrong[f"[{index}].Name"] = f"is taken; {MLFLOW_CONTAINER} is the server's own"
        names.append(name)
    return wrong


def _read(value: object, shape: Mapping[str, Any], path: str, wrong: dict[str, str]) -> Any:
    match shape["type"]:
        case "object" if "properties" in shape:
            return _read_structure(value, shape, path, wrong)
        case "object":
            return _read_map(value, path, wrong)
        case "array":
            return _read_items(value, shape, path, wrong)
    return _read_scalar(value, shape, path, wrong)


def _read_structure(
    value: object, shape: Mapping[str, Any], path: str, wrong: dict[str, str]
) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        wrong[path] = "must be a map"
        return {}
    known: Mapping[str, Any] = shape["properties"]
    read: dict[str, Any] = {}
    for written, item in value.items():
        name = written[:1].lower() + written[1:]
        if name not in known:
            meant = suggestion(written, map(_pascal, known))
            wrong[f"{path}.{written[:60]}"] = f"no such property of a Fargate container{meant}"
        elif item not in ("", None) or name in ("value", "options"):
            read[name] = _read(item, known[name], f"{path}.{written}", wrong)
    for name in shape.get("required", ()):
        if name not in read and f"{path}.{_pascal(name)}" not in wrong:
            wrong[f"{path}.{_pascal(name)}"] = "required"
    return read


def _read_map(value: object, path: str, wrong: dict[str, str]) -> dict[str, str]:
    if isinstance(value, Mapping) and all(isinstance(item, str) for item in value.values()):
        return dict(value)
    wrong[path] = "must be a map of strings"
    return {}


def _read_items(
    value: object, shape: Mapping[str, Any], path: str, wrong: dict[str, str]
) -> list[Any]:
    if not isinstance(value, list | tuple):
        wrong[path] = "must be a list"
        return []
    return [_read(item, shape["items"], f"{path}[{i}]", wrong) for i, item in enumerate(value)]


def _read_scalar(
    value: object, shape: Mapping[str, Any], path: str, wrong: dict[str, str]
) -> object:
    readers = {"boolean": read_boolean, "integer": read_integer, "string": read_text}
    try:
        scalar = readers[shape["type"]](value)
    except ValueError as error:
        wrong[path] = str(error)
        return None
    if "enum" in shape and scalar not in shape["enum"]:
        wrong[path] = f"must be {' or '.join(shape['enum'])}"
    return scalar


def _pascal(name: str) -> str:
    return name[:1].upper() + name[1:]


def _cloudformation_names(shape: Mapping[str, Any]) -> dict[str, Any]:
    """Return the shape with the names of `AWS::ECS::TaskDefinition`."""
    named = dict(shape)
    if "properties" in shape:
        named["properties"] = {
            _pascal(name): dict(_RULES[name].schema)
            if name in _RULES
            else _cloudformation_names(item)
            for name, item in shape["properties"].items()
            if name not in _REFUSED
        }
    if "required" in shape:
        named["required"] = [_pascal(name) for name in shape["required"]]
    if "items" in shape:
        named["items"] = _cloudformation_names(shape["items"])
    return named


class _SidecarsRule(ValueRule):
    """A rule that reads its JSON Schema from a file only when the schema is asked for."""

    def __get_pydantic_json_schema__(self, _: Any, __: Any) -> dict[str, Any]:
        items = _cloudformation_names(container_definition())
        return {"type": "array", "items": items, WORDS: _LIST}


Sidecars = Annotated[tuple[dict[str, Any], ...], _SidecarsRule(read_sidecars, {})]

"""A user's tags: how they arrive from CloudFormation, and what each may be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from cfn_mlflow.models.faults import WrongPartsError, WrongValueError
from cfn_mlflow.models.values import WORDS, Rule

MOST_USER_TAGS = 40
"""AWS takes 50 on an object; the rest is for ours."""

RESERVED_TAG_PREFIXES = ("aws:", "cfn-mlflow:")

_TAGS = "must be a map, or a list of Key and Value"
_TAG_TEXT = re.compile(r"[\w\s.:/=+\-@]*")


def read_tags(value: object) -> dict[str, str]:
    """Return tags by key, from a map or from CloudFormation's list of Key and Value."""
    tags = _tag_pairs(value)
    wrong: dict[str, str] = {}
    for place, (key, tag) in tags.items():
        fault = _tag_fault(key, tag)
        if fault:
            wrong[place] = fault
    if len(tags) > MOST_USER_TAGS:
        wrong[""] = f"at most {MOST_USER_TAGS} tags"
    if len({key for key, _ in tags.values()}) < len(tags):
        wrong[""] = "must not name the same Key twice"
    if wrong:
        raise WrongPartsError(wrong)
    return {str(key): str(tag) for key, tag in tags.values()}


def _tag_pairs(value: object) -> dict[str, tuple[object, object]]:
    """Return each tag's key and value by its place in what was written."""
    if isinstance(value, Mapping):
        return {f".{str(key)[:128]}": (key, tag) for key, tag in value.items()}
    if not isinstance(value, list):
        raise WrongValueError(_TAGS)
    if not all(isinstance(item, Mapping) and item.keys() == {"Key", "Value"} for item in value):
        raise WrongValueError("must be a map, or a list of items with Key and Value alone")
    return {f"[{index}]": (item["Key"], item["Value"]) for index, item in enumerate(value)}


def _tag_fault(key: object, tag: object) -> str:
    if not isinstance(key, str) or not isinstance(tag, str):
        return "key and value must be strings"
    if key.lower().startswith(RESERVED_TAG_PREFIXES):
        return f"keys that start with {' or '.join(RESERVED_TAG_PREFIXES)} are reserved"
    if not 1 <= len(key) <= 128 or len(tag) > 256:
        return "a key has 1 to 128 characters, a value at most 256"
    if not _TAG_TEXT.fullmatch(key) or not _TAG_TEXT.fullmatch(tag):
        return "only letters, digits, spaces and _ . : / = + - @"
    return ""


_TAGS_SCHEMA: Mapping[str, Any] = {
    "anyOf": [
        {"type": "object", "additionalProperties": {"type": "string"}},
        {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"Key": {"type": "string"}, "Value": {"type": "string"}},
                "required": ["Key", "Value"],
                "additionalProperties": False,
            },
        },
    ],
    WORDS: _TAGS,
}

Tags = Annotated[dict[str, str], Rule(read_tags, _TAGS_SCHEMA)]

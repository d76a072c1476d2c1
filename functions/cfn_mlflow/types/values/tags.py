"""The user's tags, by the strictest rules of all services whose objects carry them.

docs/decisions/0019-the-users-tags.md has the rules of each service, with their sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from cfn_mlflow.reserved_tags import RESERVED_KEYS, RESERVED_VALUES
from cfn_mlflow.types.values.faults import UNREAD, WrongPartsError, WrongValueError
from cfn_mlflow.types.values.rules import WORDS, ValueRule

MOST_USER_TAGS = 40
"""AWS allows 50 tags on an object. The provider needs the rest for its own."""

LONGEST_KEY, LONGEST_VALUE = 127, 255
"""In UTF-16 units: a character beyond the first plane counts as two."""

_TAGS = "must be a map, or a list of Key and Value"
_TEXT = re.compile(r"[\w .:/=+\-@]*")

_SCHEMA: Mapping[str, Any] = {
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


def read_tags(value: object) -> dict[str, str]:
    """Return tags by key, from a map or from CloudFormation's list of Key and Value.

    Raises WrongValueError for any other form, and WrongPartsError with every fault of the tags.
    """
    tags = _pairs(value)
    wrong = {place: fault for place, (k, v) in tags.items() if (fault := _fault(k, v))}
    if len(tags) > MOST_USER_TAGS:
        wrong[""] = f"at most {MOST_USER_TAGS} tags"
    wrong |= _same_keys(tags)
    read = {str(key): str(tag) for key, tag in tags.values()}
    if wrong:
        raise WrongPartsError(wrong, UNREAD if _any_reserved(read) else read)
    return read


def _any_reserved(tags: Mapping[str, str]) -> bool:
    """Return whether a tag looks like AWS's or the provider's, a fault that is never accepted."""
    return any(key.lower().startswith(RESERVED_KEYS) for key in tags)


def _pairs(value: object) -> dict[str, tuple[object, object]]:
    """Return each tag's key and value, by its place in the property. The place shows the key."""
    if isinstance(value, Mapping):
        return {f".{_shown(key)}": (key, tag) for key, tag in value.items()}
    if not isinstance(value, list):
        raise WrongValueError(_TAGS)
    if not all(isinstance(item, Mapping) and item.keys() == {"Key", "Value"} for item in value):
        raise WrongValueError("must be a map, or a list of items with Key and Value alone")
    return {
        f"[{index}] ({_shown(item['Key'])})": (item["Key"], item["Value"])
        for index, item in enumerate(value)
    }


def _shown(key: object) -> str:
    """Return a key as printable text on one line."""
    text = str(key)[:LONGEST_KEY]
    return text if text.isprintable() else ascii(text)[1:-1]


def _fault(key: object, tag: object) -> str:
    if not isinstance(key, str) or not isinstance(tag, str):
        return "key and value must be strings"
    faults = {
        f"keys that start with {_either(RESERVED_KEYS)} are reserved": (
            key.lower().startswith(RESERVED_KEYS)
        ),
        f"values that start with {_either(RESERVED_VALUES)} are reserved": (
            tag.lower().startswith(RESERVED_VALUES)
        ),
        f"a key has 1 to {LONGEST_KEY} characters, a value at most {LONGEST_VALUE}": (
            not 1 <= _length(key) <= LONGEST_KEY or _length(tag) > LONGEST_VALUE
        ),
        "only letters, digits, spaces (no tab or line break) and _ . : / = + - @": (
            not _TEXT.fullmatch(key) or not _TEXT.fullmatch(tag)
        ),
        "neither key nor value may begin or end with a space": (
            key != key.strip() or tag != tag.strip()
        ),
    }
    return next((fault for fault, found in faults.items() if found), "")


def _same_keys(tags: Mapping[str, tuple[object, object]]) -> dict[str, str]:
    """Return a fault for each key that equals an earlier one, apart from case."""
    wrong: dict[str, str] = {}
    known: dict[str, object] = {}
    for place, (key, _) in tags.items():
        lowered = str(key).lower()
        if lowered not in known:
            known[lowered] = key
        elif known[lowered] == key:
            wrong[place] = "the same key twice"
        else:
            wrong[place] = f"differs from {_shown(known[lowered])} in case alone; IAM knows one"
    return wrong


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _either(prefixes: Iterable[str]) -> str:
    *first, last = prefixes
    return f"{', '.join(first)} or {last}"


Tags = Annotated[dict[str, str], ValueRule(read_tags, _SCHEMA)]

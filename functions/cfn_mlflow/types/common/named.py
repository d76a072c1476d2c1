"""The properties of every type that makes objects: their name and their tags."""

from __future__ import annotations

from typing import Any

from cfn_mlflow.types.values.base import Properties, Update, described
from cfn_mlflow.types.values.names import UniqueName
from cfn_mlflow.types.values.tags import Tags

UNIQUE_NAME = "mlflow"
"""The default name of all parts of a Custom::MLflow."""


def unique_name_property(default: str) -> Any:
    """Return the property `UniqueName` with a type's own default."""
    return described(
        "UniqueName",
        "What the names of all that is made begin with. One that you give is reserved for the type"
        " in the account and Region. A second resource with it fails, and does not touch the first,"
        " until the first is deleted or its stack has retained it.",
        update=Update.REFUSED,
        default=default,
        example="team-a",
    )


class NamedProperties(Properties):
    """The name and the tags of the objects that a type makes."""

    unique_name: UniqueName = unique_name_property(UNIQUE_NAME)
    tags: Tags = described(
        "Tags",
        "Tags for all that is made, as a map or as a list of Key and Value; at most 40. A tag"
        " that you remove goes; a tag that others have set stays. A key has 1 to 127 characters, a"
        " value up to 255: letters, digits, spaces inside and `_ . : / = + - @`. Keys must differ"
        " in more than case. `aws:`, `rds:` and `cfn-mlflow:` are reserved.",
        default={},
        example={"team": "a"},
    )

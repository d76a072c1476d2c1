"""What every type that makes something takes: the name and the tags of what it makes."""

from __future__ import annotations

from cfn_mlflow.models.base import Properties, Update, described
from cfn_mlflow.models.values import Tags, UniqueName


class NamedProperties(Properties):
    """The name and the tags of what is made."""

    unique_name: UniqueName = described(
        "What the names of all that is made begin with. Unique in the account and Region: a second"
        " stack with the same name fails and leaves the first alone.",
        update=Update.REFUSED,
        default="mlflow",
        example="team-a",
    )
    tags: Tags = described(
        "Tags for all that is made, as a map or as a list of Key and Value; at most 40. Keys that"
        " start with `aws:` or `cfn-mlflow:` are reserved.",
        default={},
        example={"team": "a"},
    )

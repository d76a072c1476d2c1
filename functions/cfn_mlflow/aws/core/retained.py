"""What stays when its resource goes: no longer owned, told in the log, found by its tag."""

from __future__ import annotations

from cfn_mlflow.aws.core.owner import COMPLETE_TAG, LEFT_BY_TAG, OWNER_TAG, SHARED_TAG, Owner, Tags
from cfn_mlflow.runtime.log import log

GONE = (OWNER_TAG, COMPLETE_TAG, SHARED_TAG)
"""The tags that what stays loses: so no later request adopts or deletes it."""


def tags_of_what_stays(owner: Owner, tags: Tags) -> dict[str, str]:
    """Return the tags of something that its resource leaves."""
    return {**{k: v for k, v in tags.items() if k not in GONE}, LEFT_BY_TAG: owner.tag}


def log_what_stays(what: str, name: str) -> None:
    """Name in the log what stays."""
    log.warning(f"This stays, and is yours to delete: {what} {name}")

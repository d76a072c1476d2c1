"""Retained objects: a deletion keeps them, marks them with a tag and names them in the log."""

from __future__ import annotations

from cfn_mlflow.aws.core.owner import COMPLETE_TAG, LEFT_BY_TAG, OWNER_TAG, SHARED_TAG, Owner, Tags
from cfn_mlflow.runtime.log import log

GONE = (OWNER_TAG, COMPLETE_TAG, SHARED_TAG)
"""The tags that a retained object loses, so that no later request adopts or deletes it."""


def tags_of_what_stays(owner: Owner, tags: Tags) -> dict[str, str]:
    """Return the tags of a retained object."""
    return {**{k: v for k, v in tags.items() if k not in GONE}, LEFT_BY_TAG: owner.tag}


def log_what_stays(what: str, name: str) -> None:
    """Name a retained object in the log."""
    log.warning(f"This stays, and is yours to delete: {what} {name}")

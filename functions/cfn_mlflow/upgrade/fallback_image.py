"""The fallback image: it serves where the database is ahead of the image that is asked.

MLflow cannot go back. Once a database was migrated, the image that a rollback asks for cannot
serve it. The image that migrated the database can, and nothing that was written since is lost.
"""

from __future__ import annotations

from cfn_mlflow import releases
from cfn_mlflow.aws.cloudformation.rollback import continue_without, is_rolling_back
from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.ecs.task import cut
from cfn_mlflow.aws.ecs.task_definition import TaskDefinitionView, revisions
from cfn_mlflow.outcome import REASON_BYTES, Cause
from cfn_mlflow.upgrade.image_task import Launcher
from cfn_mlflow.upgrade.migration.notes import AUTH_TAG, FALLBACK_IMAGE_TAG, MIGRATE, SCHEMA_TAG
from cfn_mlflow.upgrade.migration.task_result import result_of

LEAST_BYTES = 75
"""So many bytes of the words stay, however long the names in the command are."""


def find_fallback_image(launcher: Launcher, found: str) -> str:
    """Return the image that brought the database to the revision `found`; empty if none may serve.

    A fallback image may serve while the stack rolls back. One that serves already stays, as long
    as the same image is asked for. Rests on ecs:ListTaskDefinitions, DescribeTaskDefinition,
    ListTasks, DescribeTasks and cloudformation:DescribeStacks.
    """
    views = list(revisions(launcher.owner, launcher.family))
    asked = next((_image(view) for view in views if view.arn == launcher.definition_arn), "")
    candidates = [view for view in views if found in _left_at(launcher, view)]
    for view in candidates:
        if FALLBACK_IMAGE_TAG in view.tags and _image(view) == asked:
            return view.tags[FALLBACK_IMAGE_TAG]
    if candidates and is_rolling_back(launcher.owner.stack_id):
        return candidates[0].tags.get(FALLBACK_IMAGE_TAG) or _image(candidates[0])
    return ""


def with_way_out(cause: Cause, owner: Owner, found: str) -> Cause:
    """Return a cause that ends in what to do, if a fallback image serves at the revision `found`.

    If `found` is empty, the cause is returned as it is. Otherwise its words are cut to fit.
    """
    if not found:
        return cause
    to_do = way_out(owner, found)
    taken = len(f"{cause.reason.prefix}. {to_do}".encode())
    words = f"{cut(cause.words, max(REASON_BYTES - taken, LEAST_BYTES))}. {to_do}"
    return Cause(cause.reason, words)


def way_out(owner: Owner, found: str) -> str:
    """Return the command and the deployment that help when no image can serve the database."""
    version = releases.first_version_with(found)
    image = f"of MLflow {version} or newer" if version else "that knows its revision"
    command = continue_without(owner.stack_id, owner.logical_id)
    return f"Run: {command}; then deploy an image {image} that starts"


def _image(view: TaskDefinitionView) -> str:
    return str(view.definition["containerDefinitions"][0]["image"])


def _left_at(launcher: Launcher, view: TaskDefinitionView) -> set[str | None]:
    """Return the revisions to which an image moved MLflow's tables and those of its users.

    The notes tell them, or the log of the migration. A migration that was killed may have
    committed without a line in its log: then the image's release tells.
    """
    if SCHEMA_TAG in view.tags or view.arn == launcher.definition_arn:
        return {view.tags.get(SCHEMA_TAG), view.tags.get(AUTH_TAG)}
    other = launcher.of(view.arn)
    runs = other.runs(MIGRATE)
    if not runs:
        return set()
    result = result_of(other, runs)
    if result and result.expected:
        return {result.expected, result.auth}
    version = releases.version_of(_image(view)) or ""
    return {releases.head_of(version), f"auth-{releases.auth_head_of(version)}"}

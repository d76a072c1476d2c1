"""Stories of stacks that the tests of the command share."""

from __future__ import annotations

from tests.support.watch.recorded import NESTED, STACK_TYPE, Recorded

WRAPPED = (
    "Received response status [FAILED] from custom resource. Message returned: {} "
    "(RequestId: 0aeb7d3e-5b8c-4b5c-9f5a-5f9b7c1d2e3f)"
)
CREATING = {
    "waits_for": "database cluster",
    "state": "creating",
    "since": "2026-03-01T12:00:02+00:00",
}
DONE = {**CREATING, "state": "done"}


def begun(story: Recorded) -> None:
    """A create begins, and our resource waits."""
    story.stack("CREATE_IN_PROGRESS", "User Initiated")
    story.event("MLflow", "CREATE_IN_PROGRESS")
    story.raw_line("START RequestId: 1 Version: $LATEST")
    story.line("database cluster: creating, 0 s", **CREATING)


def made(story: Recorded) -> None:
    """The create ends well."""
    story.line("database cluster: done, 4 s", **DONE)
    story.event("MLflow", "CREATE_COMPLETE")
    story.outputs["TrackingUri"] = "http://tracking.example"
    story.stack("CREATE_COMPLETE")


def nothing(_: Recorded) -> None:
    """A pause in which nothing happens."""


def update_rolls_back(story: Recorded) -> None:
    """An update fails in a resource of ours, beside which another is cancelled."""
    story.stack("UPDATE_IN_PROGRESS", "User Initiated")
    story.event("MLflow", "UPDATE_IN_PROGRESS")
    story.event("Vpc", "UPDATE_IN_PROGRESS")
    story.event("Vpc", "UPDATE_FAILED", "Resource update cancelled")
    story.event(
        "MLflow",
        "UPDATE_FAILED",
        WRAPPED.format("[ImageNotPullable] ECS service: no such image. Name it."),
    )
    story.stack("UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed: [MLflow].")


def back(story: Recorded) -> None:
    """The rollback comes to its end."""
    story.event("MLflow", "UPDATE_COMPLETE")
    story.stack("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    story.stack("UPDATE_ROLLBACK_COMPLETE")


def nested_begins(story: Recorded) -> None:
    """A create with a nested stack, in which our resource is."""
    story.stack("CREATE_IN_PROGRESS")
    story.event("Inner", "CREATE_IN_PROGRESS", physical_id=NESTED, kind=STACK_TYPE)
    story.stack("CREATE_IN_PROGRESS", stack_id=NESTED)
    story.event("MLflow", "CREATE_IN_PROGRESS", within=NESTED)


def nested_fails(story: Recorded) -> None:
    """The nested stack fails by its own resource."""
    story.event("MLflow", "CREATE_FAILED", WRAPPED.format("VpcId: no such VPC."), within=NESTED)
    story.stack("CREATE_FAILED", "The following resource(s) failed to create.", stack_id=NESTED)
    why = f"Embedded stack {NESTED} was not successfully created."
    story.event("Inner", "CREATE_FAILED", why, physical_id=NESTED, kind=STACK_TYPE)
    story.stack("ROLLBACK_IN_PROGRESS")
    story.event("Inner", "DELETE_COMPLETE", physical_id=NESTED, kind=STACK_TYPE)
    story.stack("ROLLBACK_COMPLETE")

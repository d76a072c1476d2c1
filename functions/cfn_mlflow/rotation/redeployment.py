"""ECS: a deployment of a service that changes the secret of its login, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from cfn_mlflow.aws.core.compare import differences
from cfn_mlflow.aws.ecs.client import ecs
from cfn_mlflow.aws.ecs.service import COUNT_TAG, FAILURES_THAT_TELL, NO_FAILURE
from cfn_mlflow.aws.ecs.service_view import ServiceView, read_service
from cfn_mlflow.aws.ecs.task import Task, cut, tasks, why
from cfn_mlflow.aws.ecs.task_definition import IMAGE_DIGEST_TAG, deregister
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Attached, Observation, Updatable, as_observed
from cfn_mlflow.outcome import Cause, OutdatedError, PermanentError, TemporaryError
from cfn_mlflow.reason import Reason
from cfn_mlflow.rotation.wired_services import Definition, names_secret, read_definition

ONLY_TOLD = (
    *("taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities"),
    *("registeredAt", "registeredBy", "deregisteredAt", "deleteRequestedAt"),
)
"""The fields that DescribeTaskDefinition returns and RegisterTaskDefinition does not take."""


@dataclass(frozen=True)
class RevisionView:
    """A revision of a task definition: its ARN, and the definition as ECS describes it."""

    arn: str
    definition: Definition


@dataclass(frozen=True, eq=False)
class RevisionOnLogin(Attached[RevisionView]):
    """A copy of the revision that runs, with the other login's secret in it."""

    display_name: ClassVar[str] = "task definition"

    definition_arn: str
    """The revision that ran when the rotation was planned."""
    old_secret_arn: str
    new_secret_arn: str

    @property
    def label(self) -> str:
        """Tell the revisions of several services apart."""
        return f"{self.display_name} after {self.definition_arn.rsplit('/', 1)[-1]}"

    def observe(self) -> Observation[RevisionView] | None:
        """Find the copy: it is the revision that runs, or the newest one of the family.

        Rests on ecs:DescribeTaskDefinition. Raises OutdatedError if the revision that ran is not
        active any more: its deployment failed, and the service is about to leave it.
        """
        running, _ = read_definition(self.definition_arn)
        if running.get("status") != "ACTIVE":
            raise OutdatedError(f"{self.definition_arn.rsplit('/', 1)[-1]} is not active any more")
        if not names_secret(running, self.old_secret_arn):
            return Observation(RevisionView(self.definition_arn, running))
        newest, _ = read_definition(str(running["family"]))
        if newest.get("status") != "ACTIVE" or differences(newest, self._asked(running)):
            return None
        return Observation(RevisionView(str(newest["taskDefinitionArn"]), newest))

    def create(self) -> None:
        """Register the copy with the tags of the revision that runs.

        Rests on ecs:RegisterTaskDefinition. The tag with the image's digest is left out, because
        ECS resolves the image's tag anew for each revision.
        """
        running, noted = read_definition(self.definition_arn)
        tags = [tag for tag in noted if tag["key"] != IMAGE_DIGEST_TAG]
        ecs().register_task_definition(**self._asked(running), tags=tags)

    def _asked(self, running: Definition) -> dict[str, Any]:
        kept = {key: value for key, value in running.items() if key not in ONLY_TOLD}
        text = json.dumps(kept).replace(self.old_secret_arn, self.new_secret_arn)
        asked: dict[str, Any] = json.loads(text)
        return asked


class Once:
    """Remembers for the time of one invocation whether the deployment has been asked for."""

    def __init__(self) -> None:
        self.asked = False


@dataclass(frozen=True, eq=False)
class Redeployment(Updatable[ServiceView]):
    """A service whose tasks are all of one revision. A rollback by ECS counts as a failure."""

    display_name: ClassVar[str] = "ECS service"

    cluster: str
    service: str
    former_arn: str
    """The revision that ran when the rotation was planned: ours is a copy of it."""
    definition_arn: Value[str]
    _once: Once = field(default_factory=Once, repr=False)

    @property
    def label(self) -> str:
        """Tell several services apart."""
        return f"{self.display_name} {self.service}"

    def observe(self) -> Observation[ServiceView] | None:
        """Read the service (ecs:DescribeServices)."""
        return as_observed(read_service(self.cluster, self.service))

    def compare(self, found: Observation[ServiceView]) -> Observation[ServiceView]:
        """Say that the task definition differs, or how far its deployment is.

        A deployment of another revision ends first. Raises PermanentError if the deployment of
        our revision failed.
        """
        view, ours = found.view, known(self.definition_arn)
        for deployment in view.deployments:
            if deployment.definition_arn == ours and deployment.rollout == "FAILED":
                self._fail(deployment.rollout_reason)
        if view.primary is not None and view.primary.definition_arn == ours:
            return replace(found, not_ready=self._not_ready(view))
        if view.is_deploying and not self._once.asked:
            return replace(found, busy="another deployment is under way")
        return replace(found, differs=("task definition",))

    def update(self, found: Observation[ServiceView]) -> None:
        """Deploy our revision (ecs:UpdateService), once in an invocation.

        Raises OutdatedError if the service has moved away from the revision that ours copies.
        Raises TemporaryError while a migration keeps the service stopped. Raises PermanentError
        if another deployment has replaced ours: a second attempt would fight with it.
        """
        if self._once.asked:
            raise PermanentError(
                Reason.DeploymentReplaced,
                f"{self.label}: another deployment replaced this one",
            )
        view = found.view
        if COUNT_TAG in view.tags:
            raise TemporaryError("the service is stopped for a migration")
        if view.primary is None or view.primary.definition_arn != self.former_arn:
            # So the revision that runs is the newest one again.
            deregister(known(self.definition_arn))
            raise OutdatedError(f"{self.label}: another deployment replaced this one")
        self._once.asked = True
        ecs().update_service(
            cluster=self.cluster, service=self.service, taskDefinition=known(self.definition_arn)
        )

    def _not_ready(self, view: ServiceView) -> str:
        """Say how far the deployment is; empty once no task of another revision is left."""
        primary = view.primary
        if primary is None:
            return "a deployment is starting"
        if primary.failed_tasks >= FAILURES_THAT_TELL and primary.running == 0:
            self._fail(primary.rollout_reason)
        if not view.is_deploying and view.running == view.desired:
            return ""
        return f"{primary.running} of {view.desired} new tasks running"

    def _fail(self, rollout_reason: str) -> None:
        """Raise PermanentError with the first cause, after deregistering our revision.

        So the revision that ran before is the newest one again.
        """
        definition, _ = read_definition(known(self.definition_arn))
        first = self._first_failure()
        unnamed = Cause(Reason.ServiceNotStable, cut(rollout_reason, 200) or "its tasks failed")
        cause = why(first, _log_group(definition)) if first else unnamed
        deregister(known(self.definition_arn))
        raise PermanentError(cause.reason, f"{self.label}: {cause.words}")

    def _first_failure(self) -> Task | None:
        ours = (
            task
            for task in tasks(self.cluster, stopped=True, serviceName=self.service)
            if task.definition_arn == known(self.definition_arn)
            and not task.stopped_reason.startswith(NO_FAILURE)
        )
        return next(ours, None)


def _log_group(definition: Mapping[str, Any]) -> str:
    container = definition["containerDefinitions"][0]
    options = container.get("logConfiguration", {}).get("options", {})
    return str(options.get("awslogs-group", ""))

"""The listener, made before the service whose tasks it leads to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from cfn_mlflow.aws.core.errors import is_missing
from cfn_mlflow.aws.core.owned_object import OwnedObject, tag_list
from cfn_mlflow.aws.core.owner import Tags
from cfn_mlflow.aws.elbv2.client import elbv2, set_tags, tags_of
from cfn_mlflow.engine.output import Value, known
from cfn_mlflow.engine.resource import Observation


@dataclass(frozen=True)
class ListenerView:
    """A listener as it stands."""

    arn: str
    target_group_arns: frozenset[str]
    tags: Tags


@dataclass(frozen=True, eq=False)
class Listener(OwnedObject[ListenerView]):
    """The HTTP listener that forwards all to the target group."""

    display_name: ClassVar[str] = "listener"

    load_balancer_arn: Value[str]
    target_group_arn: Value[str]
    port: int

    def observe(self) -> Observation[ListenerView] | None:
        """Find it by load balancer and port.

        Rests on elasticloadbalancing:DescribeListeners and DescribeTags.
        """
        try:
            pages = (
                elbv2()
                .get_paginator("describe_listeners")
                .paginate(LoadBalancerArn=known(self.load_balancer_arn))
            )
            for page in pages:
                for found in page["Listeners"]:
                    if found["Port"] == self.port:
                        arn = found["ListenerArn"]
                        view = ListenerView(arn, _forwarded_to(found), tags_of(arn))
                        return self.found(view)
        except Exception as error:
            if not is_missing(error):
                raise
        return None

    def create(self) -> None:
        """Make it with its tags (elasticloadbalancing:CreateListener)."""
        elbv2().create_listener(
            LoadBalancerArn=known(self.load_balancer_arn),
            Protocol="HTTP",
            Port=self.port,
            DefaultActions=self._actions(),
            Tags=tag_list(self.owner.tags),
        )

    def compare(self, found: Observation[ListenerView]) -> Observation[ListenerView]:
        """Name what differs."""
        return found.differing(
            {
                "default action": found.view.target_group_arns != {known(self.target_group_arn)},
                "tags": self.owner.lacks(found.view.tags),
            }
        )

    def update(self, found: Observation[ListenerView]) -> None:
        """Set what differs (elasticloadbalancing:ModifyListener, AddTags, RemoveTags)."""
        view = found.view
        if "default action" in found.differs:
            elbv2().modify_listener(ListenerArn=view.arn, DefaultActions=self._actions())
        if "tags" in found.differs:
            set_tags(self.owner, view.arn, view.tags)

    def delete(self, view: ListenerView) -> None:
        """Delete it (elasticloadbalancing:DeleteListener)."""
        try:
            elbv2().delete_listener(ListenerArn=view.arn)
        except Exception as error:
            if not is_missing(error):
                raise

    def _actions(self) -> Any:
        return [{"Type": "forward", "TargetGroupArn": known(self.target_group_arn)}]


def _forwarded_to(listener: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(
        action.get("TargetGroupArn", "") for action in listener.get("DefaultActions", [])
    )

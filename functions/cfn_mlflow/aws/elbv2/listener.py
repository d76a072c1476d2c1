"""The listener, made before the service whose tasks it leads to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from cfn_mlflow.aws.core.errors import is_missing
from cfn_mlflow.aws.core.eventual_consistency import NotYet
from cfn_mlflow.aws.core.owned_object import OwnedObject, tag_list
from cfn_mlflow.aws.core.owner import Tags
from cfn_mlflow.aws.elbv2.client import elbv2, set_tags, tags_of


@dataclass(frozen=True)
class ListenerView:
    """A listener as it stands."""

    arn: str
    target_group_arns: frozenset[str]
    tags: Tags


@dataclass(frozen=True, eq=False)
class Listener(OwnedObject[ListenerView]):
    """The HTTP listener that forwards all to the target group."""

    words: ClassVar[str] = "listener"
    reads_by: ClassVar[tuple[str, ...]] = ("load_balancer_arn",)

    load_balancer_arn: str
    target_group_arn: str
    port: int
    _not_yet: NotYet = field(default_factory=NotYet, repr=False)

    def read(self) -> ListenerView | None:
        """Find it by load balancer and port.

        Rests on elasticloadbalancing:DescribeListeners and DescribeTags.
        """
        try:
            pages = (
                elbv2()
                .get_paginator("describe_listeners")
                .paginate(LoadBalancerArn=self.load_balancer_arn)
            )
            for page in pages:
                for found in page["Listeners"]:
                    if found["Port"] == self.port:
                        arn = found["ListenerArn"]
                        return ListenerView(arn, _forwarded_to(found), tags_of(arn))
        except Exception as error:
            if not is_missing(error):
                raise
        return None

    def create(self) -> None:
        """Make it with its tags (elasticloadbalancing:CreateListener)."""
        with self._not_yet.patience():
            elbv2().create_listener(
                LoadBalancerArn=self.load_balancer_arn,
                Protocol="HTTP",
                Port=self.port,
                DefaultActions=self._actions(),
                Tags=tag_list(self.owner.tags),
            )

    def changes(self, view: ListenerView) -> tuple[str, ...]:
        """Name what differs."""
        differs = {
            "default action": view.target_group_arns != {self.target_group_arn},
            "tags": self.owner.lacks(view.tags),
        }
        return tuple(name for name, does in differs.items() if does)

    def update(self, view: ListenerView) -> None:
        """Set what differs (elasticloadbalancing:ModifyListener, AddTags, RemoveTags)."""
        different = self.changes(view)
        if "default action" in different:
            elbv2().modify_listener(ListenerArn=view.arn, DefaultActions=self._actions())
        if "tags" in different:
            set_tags(self.owner, view.arn, view.tags)

    def delete(self, view: ListenerView) -> None:
        """Delete it (elasticloadbalancing:DeleteListener)."""
        try:
            elbv2().delete_listener(ListenerArn=view.arn)
        except Exception as error:
            if not is_missing(error):
                raise

    def _actions(self) -> Any:
        return [{"Type": "forward", "TargetGroupArn": self.target_group_arn}]


def _forwarded_to(listener: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(
        action.get("TargetGroupArn", "") for action in listener.get("DefaultActions", [])
    )

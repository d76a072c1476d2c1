"""SNS: a topic of the user's own; none is ever made, changed or deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cfn_mlflow.aws.core.allowed import Allowed, AllowedView
from cfn_mlflow.aws.core.owned_object import tag_map
from cfn_mlflow.aws.core.session import client


@dataclass(frozen=True, eq=False)
class AllowedTopic(Allowed):
    """A topic that an alarm is to tell: CloudWatch asks nobody whether it may."""

    display_name: ClassVar[str] = "topic"
    listed_in: ClassVar[str] = "ALLOWED_TOPIC_ARNS"

    def look(self) -> AllowedView:
        """Return the topic's tags (sns:ListTagsForResource)."""
        return AllowedView(
            tag_map(client("sns").list_tags_for_resource(ResourceArn=self.name)["Tags"])
        )

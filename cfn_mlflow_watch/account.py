"""The account and Region that are asked, by what the command was given or the environment has."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_logs import CloudWatchLogsClient

_CONFIG = Config(
    connect_timeout=5,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 6},
    user_agent_extra="cfn-mlflow-watch",
)


class Account:
    """Makes the clients. Raises botocore's ProfileNotFound for a profile that is not there."""

    def __init__(
        self, profile: str | None = None, region: str | None = None, endpoint: str | None = None
    ) -> None:
        # Version 2 of the AWS CLI reads AWS_REGION, boto3 AWS_DEFAULT_REGION alone.
        region = region or os.environ.get("AWS_REGION")
        self._session = boto3.session.Session(profile_name=profile, region_name=region)
        self._given = endpoint
        self.endpoint = endpoint or os.environ.get("AWS_ENDPOINT_URL", "")

    @property
    def region(self) -> str:
        """Return the Region; empty if none is set."""
        return self._session.region_name or ""

    def cloudformation(self) -> CloudFormationClient:
        """Return a client of CloudFormation."""
        return self._session.client("cloudformation", endpoint_url=self._given, config=_CONFIG)

    def logs(self) -> CloudWatchLogsClient:
        """Return a client of CloudWatch Logs."""
        return self._session.client("logs", endpoint_url=self._given, config=_CONFIG)

"""The account and Region that are asked, by what the command was given or the environment has."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_logs import CloudWatchLogsClient

_CONFIG = Config(
    connect_timeout=5,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 6},
    user_agent_extra="cfn-mlflow-watch",
)

# No proxy leads to this machine.
_NO_PROXY = Config(proxies={})


class EndpointError(ValueError):
    """The endpoint is no URL; the text says what one looks like."""


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
        """Return a client of CloudFormation. Raises EndpointError."""
        client: CloudFormationClient = self._client("cloudformation")
        return client

    def logs(self) -> CloudWatchLogsClient:
        """Return a client of CloudWatch Logs. Raises EndpointError."""
        client: CloudWatchLogsClient = self._client("logs")
        return client

    def _client(self, service: Any) -> Any:
        try:
            config = _CONFIG.merge(_NO_PROXY) if _is_this_machine(self.endpoint) else _CONFIG
            return self._session.client(service, endpoint_url=self._given, config=config)
        except ValueError as error:
            if isinstance(error, BotoCoreError):
                raise
            raise EndpointError(
                f"{str(error).rstrip('.')}. An endpoint is a URL: http://127.0.0.1:4566, say. "
                "Give it by --endpoint-url or AWS_ENDPOINT_URL, or neither for AWS itself."
            ) from error


def _is_this_machine(endpoint: str) -> bool:
    # A port that is no number is a ValueError only when it is read.
    parts = urlsplit(endpoint)
    host, _ = parts.hostname or "", parts.port
    return host == "localhost" or host.startswith("127.")

"""The one way to a client: made at first use, impatient, with few tries of its own."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.config import Config


@cache
def _config() -> Config:
    from botocore.config import Config  # noqa: PLC0415 - an import of 100 ms, paid at the first call

    return Config(
        connect_timeout=3,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": 3},
    )


@cache
def _session() -> Any:
    import boto3  # noqa: PLC0415 - an import of 100 ms, paid at the first call

    return boto3.session.Session()


@cache
def client(service: str) -> Any:
    """Return the client of an AWS service, such as `rds`; the same one for a whole process."""
    return _session().client(service, config=_config())


def forget_clients() -> None:
    """Forget every client, so that the next is made for the credentials and endpoint of then."""
    client.cache_clear()
    _session.cache_clear()

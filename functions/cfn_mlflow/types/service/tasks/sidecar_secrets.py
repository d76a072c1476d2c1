"""The secrets that container definitions name, in any of their fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def secrets_named(containers: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the place and the ARN of each secret, the ARN without key and version.

    The place has CloudFormation's names, such as `[0].Secrets[1].ValueFrom`.
    """
    for index, container in enumerate(containers):
        for place, value in _values(container):
            if ":secretsmanager:" in value:
                yield f"[{index}].{place}", ":".join(value.split(":")[:7])


def secrets_of(containers: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the ARNs of the secrets that container definitions name."""
    return (arn for _, arn in secrets_named(containers))


def _values(container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the place and the text of each reference that ECS reads to start the container."""
    options = container.get("logConfiguration", {}).get("secretOptions", [])
    for place, secrets in (
        ("Secrets", container.get("secrets", [])),
        ("LogConfiguration.SecretOptions", options),
    ):
        for number, secret in enumerate(secrets):
            yield f"{place}[{number}].ValueFrom", secret["valueFrom"]
    credentials = container.get("repositoryCredentials", {}).get("credentialsParameter")
    if credentials:
        yield "RepositoryCredentials.CredentialsParameter", credentials

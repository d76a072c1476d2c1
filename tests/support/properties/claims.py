"""Properties that name things in every place that takes one, for each type; made of the models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.properties.names_taken import Taken, everything_taken, fields

NameOf = Callable[[Taken], str | None]
"""Which thing a place names; None leaves the place empty."""


def claims(type_name: str, name_of: NameOf) -> dict[str, Any]:
    """Return properties that name what is said, each place of a sidecar in one of its own."""
    found: dict[str, Any] = {}
    for taken in everything_taken():
        name = name_of(taken) if taken.type_name == type_name else None
        if name is None:
            continue
        value = taken.value(name)
        if taken.place == taken.name:
            found[taken.name] = value
        else:
            sidecars = found.setdefault(taken.name, [])
            sidecars += [{**one, "Name": f"sidecar-{len(sidecars)}"} for one in value]
    return found


def unnamed(type_name: str, vpc_id: str, subnet_ids: list[str]) -> dict[str, Any]:
    """Return the properties that a type needs beside, which name nothing of anybody's."""
    given = {
        "VpcId": vpc_id,
        "SubnetIds": subnet_ids,
        "LoadBalancerSubnetIds": subnet_ids,
        "LoadBalancerIngressCidrBlocks": ["10.0.0.0/8"],
        "EncryptionAlgorithm": "aws:kms",
        "ArtifactBucketEncryptionAlgorithm": "aws:kms",
    }
    return {name: value for name, value in given.items() if name in fields(type_name)}

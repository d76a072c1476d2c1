"""Which images lie in a private registry of ECR, whatever name of the registry is written."""

from __future__ import annotations

import re

SUFFIXES = (
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "c2s.ic.gov",
    "sc2s.sgov.gov",
    "cloud.adc-e.uk",
    "csp.hci.ic.gov",
)
"""How the hosts of AWS's partitions end."""

DUAL_STACK_SUFFIXES = (
    "on.aws",
    "on.amazonwebservices.com.cn",
    "on.amazonwebservices.eu",
    "on.aws.ic.gov",
    "on.aws.scloud",
    "on.cloud-aws.adc-e.uk",
    "on.aws.hci.ic.gov",
)
"""How the hosts end that answer over IPv6 too."""


def _any_of(suffixes: tuple[str, ...]) -> str:
    return "|".join(map(re.escape, suffixes))


_HOST = (
    rf"dkr\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.(?:{_any_of(SUFFIXES)})"
    rf"|dkr-ecr(?:-fips)?\.(?P<region_of_both>[a-z0-9-]+)\.(?:{_any_of(DUAL_STACK_SUFFIXES)})"
)
_IMAGE = re.compile(rf"(?P<account>[0-9]{{12}})\.(?:{_HOST})/(?P<repository>[^:@]+)")


def repository_arn(partition: str, image: str) -> str | None:
    """Return the ARN of the repository that an image is pulled from; None if it is not in ECR.

    ECR's public gallery is open to everybody, and no repository of an account.
    """
    found = _IMAGE.match(image)
    if found is None:
        return None
    region = found["region"] or found["region_of_both"]
    return f"arn:{partition}:ecr:{region}:{found['account']}:repository/{found['repository']}"

"""The one address to which an answer may be sent.

An address is a signed S3 URL. Its bucket is CloudFormation's own in the stack's Region. Its key
names the stack, the logical id and the request. S3 checks the signature only when an answer
arrives. A well-formed address therefore proves nothing about the sender of the event, but it keeps
the answer from anybody else.

The bucket's name is in the CloudFormation user guide (VPC endpoints). The three hosts and the key
are in logged requests of many Regions, 2016 to 2025. This module imports the standard library only,
because the last word needs it.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from cfn_mlflow.runtime.place import Place

DNS_SUFFIXES = {
    "aws": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
    "aws-eusc": "amazonaws.eu",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
    "aws-us-gov": "amazonaws.com",
}
"""The end of every host name, by partition."""


def hosts(place: Place) -> tuple[str, ...]:
    """Return the hosts of CloudFormation's bucket for answers, in the three spellings of S3."""
    suffix = DNS_SUFFIXES.get(place.partition)
    bucket = f"cloudformation-custom-resource-response-{place.region.replace('-', '')}"
    parts = ("s3", f"s3.{place.region}", f"s3-{place.region}")
    return tuple(f"{bucket}.{part}.{suffix}" for part in parts) if suffix else ()


def answers_at(url: object, place: Place, *ids: object) -> bool:
    """Return whether a URL is CloudFormation's address for the answer to a request.

    `ids` are the request's stack id, logical id and request id.
    """
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return (
        parts.scheme == "https"
        and parts.netloc in hosts(place)
        and all(isinstance(each, str) and each for each in ids)
        and unquote(parts.path) == "/" + "|".join(map(str, ids))
    )

"""Where an answer may go: CloudFormation's own addresses, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import botocore
import pytest

from cfn_mlflow.cloudformation.guard.address import DNS_SUFFIXES, answers_at, hosts
from cfn_mlflow.runtime.place import Place
from tests.support.cloudformation.protocol_kit import (
    HOST,
    LOGICAL_ID,
    PLACE,
    REQUEST_ID,
    STACK_ID,
    signed_url,
)

IDS = (STACK_ID, LOGICAL_ID, REQUEST_ID)
V2 = "?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Expires=1510162268&Signature=i83yhDz11gTyT4%3D"
V4 = "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20231120T164050Z&X-Amz-Signature=5599"

# Of requests that were logged in these Regions from 2016 to 2025; the last has not been seen.
LOGGED = [
    ("aws", "us-east-1", "useast1.s3.amazonaws.com", V4),
    ("aws", "eu-west-1", "euwest1.s3-eu-west-1.amazonaws.com", V2),
    ("aws", "ap-northeast-1", "apnortheast1.s3-ap-northeast-1.amazonaws.com", V2),
    ("aws", "us-west-1", "uswest1.s3-us-west-1.amazonaws.com", V4),
    ("aws", "us-east-2", "useast2.s3.us-east-2.amazonaws.com", V4),
    ("aws", "eu-central-1", "eucentral1.s3.eu-central-1.amazonaws.com", V4),
    ("aws", "eu-south-1", "eusouth1.s3.eu-south-1.amazonaws.com", V4),
    ("aws-cn", "cn-north-1", "cnnorth1.s3.cn-north-1.amazonaws.com.cn", V4),
    ("aws-us-gov", "us-gov-west-1", "usgovwest1.s3.us-gov-west-1.amazonaws.com", V4),
]


@pytest.mark.parametrize(("partition", "region", "host", "signature"), LOGGED)
def test_the_addresses_of_logged_requests_are_taken(
    partition: str, region: str, host: str, signature: str
) -> None:
    place = Place.of(f"arn:{partition}:lambda:{region}:123456789012:function:cfn-mlflow-MLflow")
    guid = "467c5470-6549-11e6-aed7-50d5cdfd10fa"
    stack_id = f"arn:{partition}:cloudformation:{region}:123456789012:stack/dropme/{guid}"
    key = f"arn%3A{partition}%3Acloudformation%3A{region}%3A123456789012%3Astack/dropme/{guid}"
    url = (
        f"https://cloudformation-custom-resource-response-{host}/{key}%7CThing%7C91126ada-82e5"
        f"{signature}"
    )

    assert answers_at(url, place, stack_id, "Thing", "91126ada-82e5")


def test_an_address_whose_key_is_quoted_whole_is_taken() -> None:
    assert answers_at(signed_url().replace("/tracking/", "%2Ftracking%2F"), PLACE, *IDS)


def test_a_functions_place_is_told_by_its_arn_with_or_without_a_qualifier() -> None:
    arn = "arn:aws-cn:lambda:cn-north-1:123456789012:function:cfn-mlflow-MLflow"

    assert Place.of(arn) == Place.of(f"{arn}:live") == Place("aws-cn", "cn-north-1", "123456789012")


def test_every_partition_that_the_sdk_knows_has_its_suffix() -> None:
    file = Path(botocore.__file__).parent / "data" / "partitions.json"
    partitions = json.loads(file.read_text())["partitions"]

    assert {one["id"]: one["outputs"]["dnsSuffix"] for one in partitions} == DNS_SUFFIXES


def test_in_a_partition_that_nobody_knows_no_address_is_taken() -> None:
    assert hosts(Place("aws-new", "new-1", "123456789012")) == ()


OTHER = "https://attacker.example"
SHAPES = {
    "another host": signed_url().replace(HOST, "attacker.example"),
    "a host that begins like it": signed_url().replace(HOST, f"{HOST}.attacker.example"),
    "a host that ends like it": signed_url().replace(HOST, f"attacker-{HOST}"),
    "its name as a user": signed_url().replace(HOST, f"{HOST}@attacker.example"),
    "a user": signed_url().replace(HOST, f"user@{HOST}"),
    "a port": signed_url().replace(HOST, f"{HOST}:8443"),
    "capitals": signed_url().replace(HOST, HOST.upper()),
    "a dot at the end": signed_url().replace(HOST, f"{HOST}."),
    "another Region": signed_url().replace("euwest1.s3.eu-west-1", "euwest2.s3.eu-west-2"),
    "the bucket in another Region": signed_url().replace("s3.eu-west-1", "s3.eu-west-2"),
    "the bucket of wait conditions": signed_url().replace("custom-resource-response", "wait"),
    "another partition": signed_url().replace("amazonaws.com", "amazonaws.com.cn"),
    "the bucket in the path": f"https://s3.eu-west-1.amazonaws.com/{signed_url()[8:]}",
    "no TLS": signed_url().replace("https:", "http:"),
    "no scheme": signed_url().removeprefix("https:"),
    "another stack": signed_url(STACK_ID.replace("tracking", "theirs")),
    "another logical id": signed_url(logical_id="Other"),
    "another request": signed_url(request_id="another"),
    "no request": signed_url(request_id=""),
    "a key quoted twice": signed_url().replace("%", "%25"),
    "more in the key": signed_url().replace("?", "/more?"),
    "less in the key": signed_url().replace("%7CMLflow", ""),
    "a key with dots": signed_url().replace("/arn", "/../arn"),
    "no key": f"https://{HOST}/?X-Amz-Signature=1",
    "a blank": signed_url().replace("?", " ?"),
    "a second line": signed_url().replace("?", "\r\nHost: attacker.example?"),
    "an IPv6 address that is none": "https://[::1/",
    "a letter like an ASCII one": signed_url().replace("amazonaws", "am\u0430zonaws"),
    "nothing": "",
    "no text": ["https://"],
    "None": None,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_an_address_of_another_shape_is_not_taken(shape: str) -> None:
    assert answers_at(signed_url(), PLACE, *IDS)
    assert not answers_at(SHAPES[shape], PLACE, *IDS)


@pytest.mark.parametrize("missing", range(3))
@pytest.mark.parametrize("nothing", ["", None, 7, ["x"]])
def test_an_address_for_a_request_without_an_id_is_not_taken(missing: int, nothing: object) -> None:
    ids: list[object] = list(IDS)
    ids[missing] = nothing

    assert not answers_at(signed_url(*ids), PLACE, *ids)

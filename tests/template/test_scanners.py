"""checkov and parliament find nothing in the template, but what it accepts with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.support.template.policy_documents import accepted, documents
from tests.support.template.provider_template import ROOT, resources, template
from tests.support.template.scanned import checked, linted

pytestmark = pytest.mark.scanners

TEMPLATE = ROOT / "template.yaml"


def test_given_the_template_then_checkov_finds_nothing_that_is_not_accepted_there(
    tmp_path: Path,
) -> None:
    bad = tmp_path / "bad.yaml"
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "plain"}}
    bad.write_text(yaml.safe_dump({"Resources": {"Plain": queue}}))
    assert checked(TEMPLATE, bad) == [("CKV_AWS_27", "Plain")], "it finds what is wrong beside it"


def test_given_the_templates_policies_then_parliament_finds_what_is_accepted() -> None:
    assert len(documents()) > len(resources("AWS::IAM::ManagedPolicy"))
    found = linted(documents())
    reasons = accepted()
    assert [one for one in found if one.place not in reasons] == []
    assert reasons.keys() == {one.place for one in found}, "one that is not found any more"


def test_every_finding_that_is_accepted_has_a_reason() -> None:
    skipped = [
        one
        for body in template()["Resources"].values()
        for scanner in ("checkov", "parliament")
        for one in body.get("Metadata", {}).get(scanner, {}).get("skip", [])
    ]
    assert skipped
    assert all(len(one["comment"].split()) > 3 for one in skipped)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ({"Action": "s3:GetObjects", "Resource": "arn:aws:s3:::a/*"}, "UNKNOWN_ACTION"),
        ({"Action": "sqs:SendMessage", "Resource": "arn:aws:s3:::a"}, "RESOURCE_MISMATCH"),
        ({"Action": "sqs:SendMessage", "Resource": "*"}, "RESOURCE_STAR"),
    ],
    ids=["unknown action", "another resource", "star"],
)
def test_given_a_policy_that_is_wrong_then_parliament_says_so(
    statement: dict[str, str], found: str
) -> None:
    wrong = {"Version": "2012-10-17", "Statement": [{"Sid": "A", "Effect": "Allow", **statement}]}
    assert [one.place for one in linted({"wrong": wrong})] == [("wrong", "A", found)]

"""The policy documents of the template, whole, as CloudFormation makes them in some account."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.template.deployed_policies import resolved
from tests.support.template.provider_template import Json, resources, template


def documents() -> dict[str, Json]:
    """Return every document of the template that says who may do what, by where it stands."""
    return {name: resolved(document) for name, document in _found()}


def accepted() -> dict[tuple[str, str, str], str]:
    """Return what stands in the template as accepted of parliament's findings, with the reason.

    By policy, statement and finding; the statement is empty where the whole policy is meant.
    """
    return {
        (name, one.get("sid", ""), one["id"]): one["comment"]
        for name, body in template()["Resources"].items()
        for one in body.get("Metadata", {}).get("parliament", {}).get("skip", [])
    }


def _found() -> Iterator[tuple[str, Json]]:
    for kind in ("AWS::IAM::ManagedPolicy", "AWS::SQS::QueuePolicy"):
        for name, body in resources(kind).items():
            yield name, body["Properties"]["PolicyDocument"]
    for name, body in resources("AWS::IAM::Role").items():
        yield f"{name}/trust", body["Properties"]["AssumeRolePolicyDocument"]
        for own in body["Properties"].get("Policies", []):
            yield f"{name}/{own['PolicyName']}", own["PolicyDocument"]

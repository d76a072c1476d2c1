"""Two stacks beside each other: what the one has, and templates of the other that name it."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo import evidence
from local.aws import LocalAws
from tests.support.local_aws.stacks import Stack
from tests.support.mlflow.mlflow_stacks import Network, clients_of, make_network
from tests.support.mlflow.old_databases import differences, log_as_a_user, read
from tests.support.mlflow.whole import everything
from tests.support.properties.claims import claims, unnamed
from tests.support.properties.names_taken import (
    NOT_JUDGED,
    NOT_RUN,
    RESTRICTED,
    TYPES,
    Taken,
    everything_taken,
)

EXAMPLES = Path(__file__).parents[3] / "examples"
Things = Mapping[str, Sequence[str]]
"""Names of things, by the kind that a property takes."""
INDEX = re.compile(r"\[\d+\]")
CODE = re.compile(r"^\[\w+\] ")
NESTED_TEMPLATES = "templates-of-neighbours"
ANSWERED = "All {number} faults"
"""What a function logs beside all faults of a request, for an answer may lack room."""


def assert_another_team_gets_nothing(aws: LocalAws, provider: str, victim: Stack) -> None:
    """Let stacks of another team name all that a stack has, each type in each of its properties.

    The provider lists networks and images. All that each names is refused in one answer, before
    anything is made, while a client of the stack works. All that the stack has is as before.
    """
    uri = victim.outputs["TrackingUri"]
    log_as_a_user(aws, uri, "before the other team")
    own = OfTheTeams.make(aws, victim.name)
    elsewhere = make_network(aws)
    things = {
        **things_of(aws, victim, own),
        "VPC": [elsewhere.vpc_id],
        "image": ["attacker.example/mlflow:v3.17.2"],
    }
    templates = intruders(aws, provider, elsewhere, things)
    named = json.dumps(templates)
    left_out = [name for names in things.values() for name in names if name not in named]
    assert left_out == [], left_out
    runs, changes = read(aws, uri), changes_by(aws, provider)
    before = {**everything(aws, victim), **own.look(aws)}
    with clients_of(aws, uri, 2) as answers:
        stacks = {
            type_name: Stack.create(aws, f"other-{short(type_name)}", made, wait=False)
            for type_name, made in templates.items()
        }
        statuses = {type_name: stack.wait() for type_name, stack in stacks.items()}
    assert set(statuses.values()) == {"ROLLBACK_COMPLETE"}, statuses
    for type_name, stack in stacks.items():
        faults = faults_of(aws, f"{provider}-{short(type_name)}", stack.id)
        assert {place_of(fault) for fault in faults} == judged(type_name), faults
        assert are_told_together(faults, stack.failures()["Thing"]), stack.failures()
        assert evidence.owned(aws.session().client, stack.id) == []
        stack.delete()
    assert changes_by(aws, provider) == changes, changes_by(aws, provider)
    after = {**everything(aws, victim), **own.look(aws)}
    assert after == before, [one for one in before | after if before.get(one) != after.get(one)]
    unlike = list(differences(runs, read(aws, uri)))
    assert unlike == [], unlike
    assert set(answers) == {200}, set(answers)


@dataclass(frozen=True)
class OfTheTeams:
    """What a team has made by itself and allows to its own stack: a key and a topic."""

    key: str
    topic: str

    @classmethod
    def make(cls, aws: LocalAws, stack: str) -> OfTheTeams:
        """Make both with the tag that allows them to a stack."""
        allow = ("cfn-mlflow:allow", stack)
        tag = {"TagKey": allow[0], "TagValue": allow[1]}
        key = aws.session().client("kms").create_key(Tags=[tag])["KeyMetadata"]["Arn"]
        tags: Any = [{"Key": allow[0], "Value": allow[1]}]
        topic = aws.session().client("sns").create_topic(Name=f"{stack}-alarms", Tags=tags)
        return cls(key, topic["TopicArn"])

    def look(self, aws: LocalAws) -> dict[str, Any]:
        """Return both as AWS tells them."""
        kms, sns = aws.session().client("kms"), aws.session().client("sns")
        return {
            "key": kms.describe_key(KeyId=self.key)["KeyMetadata"],
            "key's tags": kms.list_resource_tags(KeyId=self.key)["Tags"],
            "key's policy": kms.get_key_policy(KeyId=self.key, PolicyName="default")["Policy"],
            "topic": sns.get_topic_attributes(TopicArn=self.topic)["Attributes"],
            "topic's tags": sns.list_tags_for_resource(ResourceArn=self.topic)["Tags"],
        }


def things_of(aws: LocalAws, stack: Stack, own: OfTheTeams) -> dict[str, list[str]]:
    """Return all that a stack and its team have and that a property of any type can name."""
    arns = evidence.owned(aws.session().client, stack.id)
    cluster, bucket = named(aws, stack, ":rds:", ":cluster:"), named(aws, stack, ":s3:::")
    found = aws.session().client("rds").describe_db_clusters(DBClusterIdentifier=cluster)
    secrets = [arn for arn in arns if ":secret:" in arn]
    definitions = [arn for arn in arns if ":task-definition/" in arn and "-migration-" not in arn]
    return {
        "secret": [*secrets, found["DBClusters"][0]["MasterUserSecret"]["SecretArn"]],
        "cluster": [cluster],
        "bucket": [bucket.rpartition(":")[2]],
        "bucket to read": [bucket],
        "security group": [client_group(aws, stack)],
        "task definition": definitions,
        "key": [own.key],
        "topic": [own.topic],
    }


def named(aws: LocalAws, stack: Stack, *parts: str) -> str:
    """Return the ARN of the one object of a stack in which all these parts stand."""
    arns = evidence.owned(aws.session().client, stack.id)
    [found] = [arn for arn in arns if all(part in arn for part in parts)]
    return found


def client_group(aws: LocalAws, stack: Stack) -> str:
    """Return the id of the security group that the stack's database admits."""
    guid = stack.id.rpartition("/")[2]
    [group] = [
        group["GroupId"]
        for group in aws.session().client("ec2").describe_security_groups()["SecurityGroups"]
        if "database-client" in group["GroupName"]
        if any(tag["Value"].startswith(guid) for tag in group.get("Tags", []))
    ]
    return str(group)


def intruders(
    aws: LocalAws, provider: str, network: Network, things: Things
) -> dict[str, dict[str, Any]]:
    """Return a template for each type, whose properties name these things in every place.

    Where there are several of a kind, each place names the next.
    """
    turns = {kind: itertools.cycle(names) for kind, names in things.items()}
    [cluster] = things["cluster"]
    found = aws.session().client("rds").describe_db_clusters(DBClusterIdentifier=cluster)

    def name_of(taken: Taken) -> str | None:
        return next(turns[taken.kind]) if taken.kind in turns else None

    made = {}
    for type_name in TYPES:
        token = {"Fn::ImportValue": f"{provider}-{short(type_name)}"}
        properties = {
            "ServiceToken": token,
            **unnamed(type_name, network.vpc_id, network.subnet_ids),
            **claims(type_name, name_of),
        }
        if "DatabaseClusterArn" in properties:
            properties["DatabaseEndpoint"] = found["DBClusters"][0]["Endpoint"]
        thing = {"Type": type_name, "Properties": properties}
        made[type_name] = {"Resources": {"Thing": thing}}
    return made


def judged(type_name: str) -> set[str]:
    """Return the places of a type that name what has an owner, or what a list bounds."""
    return {
        taken.place
        for taken in everything_taken()
        if taken.type_name == type_name and taken.kind not in NOT_JUDGED
        if taken.kind not in RESTRICTED or (type_name, taken.kind) != (NOT_RUN, "image")
    }


def place_of(fault: str) -> str:
    """Return the place that a fault names behind its code, whichever sidecar it is in."""
    return INDEX.sub("[0]", CODE.sub("", fault).partition(": ")[0])


def short(type_name: str) -> str:
    """Return what a type is called in the names of functions."""
    return type_name.rpartition(":")[2]


def faults_of(aws: LocalAws, function: str, stack_id: str) -> list[str]:
    """Return all faults that a function has found in the one request of a stack that it refused."""
    pages = aws.session().client("logs").get_paginator("filter_log_events")
    said = [
        json.loads(event["message"])
        for page in pages.paginate(logGroupName=f"/aws/lambda/{function}")
        for event in page["events"]
        if event["message"].startswith("{")
    ]
    [faults] = [
        one["faults"]
        for one in said
        if one.get("stack_id") == stack_id and "faults" in one
        if one["message"] == ANSWERED.format(number=len(one["faults"]))
    ]
    return list(faults)


def are_told_together(faults: Sequence[str], reason: str) -> bool:
    """Tell whether a reason has each fault, or the first ones and the number of the others."""
    told = [fault for fault in faults if fault in reason]
    left = len(faults) - len(told)
    counted = f"; and {left} more, see the log" in reason
    return bool(told) and told == list(faults[: len(told)]) and counted == (left > 0)


def changes_by(aws: LocalAws, provider: str) -> dict[str, int]:
    """Return how often the provider's functions have called what changes something, by action."""
    found: dict[str, int] = {}
    for call in aws.calls():
        if str(call["caller"]).startswith(f"{provider}-") and not _only_looks(call):
            name = f"{call['caller']} {call['service']}:{call['action']}"
            found[name] = found.get(name, 0) + int(call["count"])
    return found


def _only_looks(call: Mapping[str, Any]) -> bool:
    looks = ("Describe", "Get", "List", "Head", "AssumeRole", "Invoke")
    return str(call["action"]).startswith(looks)


def nested(aws: LocalAws, inner: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template whose one resource, Inner, is a nested stack of another template."""
    s3 = aws.session().client("s3")
    s3.create_bucket(Bucket=NESTED_TEMPLATES)
    s3.put_object(Bucket=NESTED_TEMPLATES, Key="inner", Body=json.dumps(inner).encode())
    url = f"https://s3.us-east-1.amazonaws.com/{NESTED_TEMPLATES}/inner"
    stack = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}
    return {"Resources": {"Inner": stack}}


def with_exports(template: str) -> str:
    """Return the template of the parts with what the example's service imports."""
    _, _, outputs = (EXAMPLES / "shared-database.yaml").read_text().partition("\nOutputs:\n")
    return f"{template.rstrip()}\n{outputs}"

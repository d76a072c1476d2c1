"""Security groups and their rules."""

from __future__ import annotations

from typing import Any

import pytest

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.ec2.security_group import (
    EVERYWHERE,
    SecurityGroup,
    SecurityGroupRules,
    TrafficRule,
    all_traffic,
    tcp,
)
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.reason import Reason
from tests.support.codes import failing
from tests.support.objects.kill_points import dying_behind_every_write, watched
from tests.support.objects.service_kit import boto, converge, owner, remove

Vpc = dict[str, Any]


def graph(
    vpc_id: str, ingress: tuple[TrafficRule, ...] = (), whose: Owner | None = None, port: int = 5432
) -> Graph:
    """Return two groups that name one another."""
    made = Graph()
    client = made.add(SecurityGroup(whose or owner(), "client", vpc_id, "Clients"))
    database = made.add(SecurityGroup(whose or owner(), "database", vpc_id, "The database"))
    client_id, database_id = (group.output(lambda view: view.id) for group in (client, database))
    made.add(SecurityGroupRules("client", client_id, egress=(tcp(port, database_id),)))
    made.add(SecurityGroupRules("database", database_id, ingress=(tcp(port, client_id), *ingress)))
    made.give({"Client": client_id, "Database": database_id})
    return made


def ours() -> dict[str, Any]:
    found = boto("ec2").describe_security_groups()["SecurityGroups"]
    return {each["GroupName"]: each for each in found if "abcdefghij" in each["GroupName"]}


def sources(name: str, direction: str = "IpPermissions") -> set[tuple[Any, ...]]:
    """Return protocol, port and peer of each rule."""
    return {
        (permission["IpProtocol"], permission.get("FromPort"), peer)
        for permission in ours()[name][direction]
        for kind, key in (
            ("IpRanges", "CidrIp"),
            ("Ipv6Ranges", "CidrIpv6"),
            ("UserIdGroupPairs", "GroupId"),
        )
        for peer in (each[key] for each in permission[kind])
    }


def test_given_two_groups_that_name_one_another_then_each_has_its_rule_and_no_other(
    vpc: Vpc,
) -> None:
    given = converge(graph(vpc["VpcId"]))
    assert sources("mlflow-database-abcdefghij") == {("tcp", 5432, given["Client"])}
    assert sources("mlflow-database-abcdefghij", "IpPermissionsEgress") == set()
    assert sources("mlflow-client-abcdefghij") == set()
    assert sources("mlflow-client-abcdefghij", "IpPermissionsEgress") == {
        ("tcp", 5432, given["Database"])
    }
    for group in ours().values():
        assert {tag["Key"]: tag["Value"] for tag in group["Tags"]} == owner().tags


def test_given_it_is_as_asked_then_nothing_is_written(vpc: Vpc) -> None:
    converge(graph(vpc["VpcId"]))
    with watched() as calls:
        converge(graph(vpc["VpcId"]))
    assert calls.writes == []
    assert len(calls.made) == 4


def test_given_blocks_with_host_bits_and_ipv6_then_they_are_as_aws_writes_them(vpc: Vpc) -> None:
    more = (tcp(80, "10.1.2.3/8"), tcp(80, "2001:db8::/32"))
    converge(graph(vpc["VpcId"], more))
    found = sources("mlflow-database-abcdefghij")
    assert {("tcp", 80, "10.0.0.0/8"), ("tcp", 80, "2001:db8::/32")} < found
    with watched() as calls:
        converge(graph(vpc["VpcId"], more))
    assert calls.writes == []


def test_given_new_rules_then_the_old_ones_and_those_of_strangers_go(vpc: Vpc) -> None:
    given = converge(graph(vpc["VpcId"], (tcp(80, "10.0.0.0/8"), tcp(443, "10.0.0.0/8"))))
    boto("ec2").authorize_security_group_ingress(
        GroupId=given["Database"], IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0"
    )
    converge(graph(vpc["VpcId"], (tcp(443, "10.0.0.0/8"), tcp(443, "192.168.0.0/16"))))
    assert sources("mlflow-database-abcdefghij") == {
        ("tcp", 5432, given["Client"]),
        ("tcp", 443, "10.0.0.0/8"),
        ("tcp", 443, "192.168.0.0/16"),
    }


def test_given_everywhere_then_both_kinds_of_addresses_are_reached(vpc: Vpc) -> None:
    made = Graph()
    group = made.add(SecurityGroup(owner(), "service", vpc["VpcId"], "The tasks"))
    rules = tuple(all_traffic(peer) for peer in EVERYWHERE)
    made.add(SecurityGroupRules("service", group.output(lambda view: view.id), egress=rules))
    converge(made)
    found = sources("mlflow-service-abcdefghij", "IpPermissionsEgress")
    assert {peer for _, _, peer in found} == {"0.0.0.0/0", "::/0"}


def test_function_that_dies_behind_every_write_ends_in_the_same_place(
    vpc: Vpc,
) -> None:
    dying_behind_every_write(lambda: converge(graph(vpc["VpcId"])))
    given = converge(graph(vpc["VpcId"]))
    assert len(ours()) == 2
    assert sources("mlflow-database-abcdefghij") == {("tcp", 5432, given["Client"])}
    dying_behind_every_write(lambda: remove(graph(vpc["VpcId"])))
    assert ours() == {}


def test_given_new_tags_then_they_are_set(vpc: Vpc) -> None:
    converge(graph(vpc["VpcId"]))
    newer = owner(user_tags={"team": "a"})
    converge(graph(vpc["VpcId"], whose=newer))
    for group in ours().values():
        assert {tag["Key"]: tag["Value"] for tag in group["Tags"]} == newer.tags


def test_given_another_vpc_then_refused_before_any_change(vpc: Vpc) -> None:
    converge(graph(vpc["VpcId"]))
    other = boto("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    with watched() as calls, failing(Reason.ChangeRefused, match="VpcId: cannot change from"):
        converge(graph(other, port=5433))
    assert calls.writes == []


def test_given_a_removal_that_knows_no_vpc_then_the_groups_are_found_by_name(vpc: Vpc) -> None:
    converge(graph(vpc["VpcId"]))
    remove(graph(""))
    assert ours() == {}


def test_given_a_strangers_group_of_that_name_then_it_is_not_touched(vpc: Vpc) -> None:
    theirs = boto("ec2").create_security_group(
        GroupName="mlflow-client-abcdefghij", Description="theirs", VpcId=vpc["VpcId"]
    )["GroupId"]
    with pytest.raises(PermanentError, match="client security group is there already"):
        converge(graph(vpc["VpcId"]))
    remove(graph(vpc["VpcId"]))
    assert [each["GroupId"] for each in ours().values()] == [theirs]
    [rule] = ours()["mlflow-client-abcdefghij"]["IpPermissionsEgress"]
    assert rule["IpProtocol"] == "-1"

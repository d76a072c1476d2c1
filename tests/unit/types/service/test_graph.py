"""Custom::MLflowService from its properties to AWS and back, whatever happens in between."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.rotation.logins import RotatedLoginSecret
from cfn_mlflow.types.service import graph as service
from cfn_mlflow.types.service.attributes import ServiceAttributes
from cfn_mlflow.types.service.properties import ServiceProperties
from cfn_mlflow.types.service.tasks.definitions import TMP
from cfn_mlflow.types.service.tasks.environment import NO_PROVIDER
from cfn_mlflow.types.values.base import parse, parse_for_removal
from tests.support.objects import stacks
from tests.support.objects.fargate import End, Fargate, migrated
from tests.support.objects.kill_points import Killed, watched
from tests.support.objects.service_kit import HEAD, boto, converge, owner, remove

NAME = "mlflow-abcdefghij"
NEWER = "f4a9b2c7d1e6"
Properties = dict[str, Any]

OF_AN_UPGRADE = {"SchemaMigrations", "SchemaSnapshotId"}
"""Attributes that a new service has nothing to say of."""


def graph_of(properties: Properties, whose: Owner | None = None) -> Graph:
    return service._graph(whose or owner(), parse(ServiceProperties, properties))


def removal_of(properties: Properties, whose: Owner | None = None) -> Graph:
    return service._graph(whose or owner(), parse_for_removal(ServiceProperties, properties))


def definition(part: str = "") -> dict[str, Any]:
    family = owner().name(*filter(None, [part]))
    found: dict[str, Any] = boto("ecs").describe_task_definition(taskDefinition=family)
    return dict(found["taskDefinition"])


def server() -> dict[str, Any]:
    return dict(definition()["containerDefinitions"][0])


def environment(container: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in container["environment"]}


def owned(fargate: Fargate) -> dict[str, list[str]]:
    """Return the names of all that is there and carries a name of ours."""
    ecs, elbv2 = boto("ecs"), boto("elbv2")
    clusters = ecs.describe_clusters(clusters=ecs.list_clusters()["clusterArns"])["clusters"]
    active = (ecs.list_task_definitions(status=status) for status in ("ACTIVE", "INACTIVE"))
    found = {
        "services": [n for n, one in fargate.services.items() if one["status"] != "INACTIVE"],
        "clusters": [one["clusterName"] for one in clusters if one["status"] == "ACTIVE"],
        "definitions": [arn for one in active for arn in one["taskDefinitionArns"]],
        "balancers": [
            one["LoadBalancerName"] for one in elbv2.describe_load_balancers()["LoadBalancers"]
        ],
        "targets": [
            one["TargetGroupName"] for one in elbv2.describe_target_groups()["TargetGroups"]
        ],
        "groups": [
            one["GroupName"]
            for one in boto("ec2").describe_security_groups()["SecurityGroups"]
            if one["GroupName"].startswith("mlflow")
        ],
        "roles": [one["RoleName"] for one in boto("iam").list_roles()["Roles"]],
        "logs": [one["logGroupName"] for one in boto("logs").describe_log_groups()["logGroups"]],
        "scaling": [
            one["ResourceId"]
            for one in boto("application-autoscaling").describe_scalable_targets(
                ServiceNamespace="ecs"
            )["ScalableTargets"]
        ],
    }
    return {kind: names for kind, names in found.items() if names}


def test_given_the_required_properties_then_every_attribute_as_read_from_aws(
    fargate: Fargate, properties: Properties
) -> None:
    given = converge(graph_of(properties))
    assert given.keys() == {str(field.alias) for field in ServiceAttributes.model_fields.values()}
    assert {name for name, value in given.items() if not value} == OF_AN_UPGRADE
    assert given["TrackingUri"] == f"http://{given['LoadBalancerDnsName']}"
    assert given["SchemaRevision"] == HEAD
    assert (given["TaskRoleId"], given["ExecutionRoleId"]) == (
        "mlflow-task-abcdefghij",
        "mlflow-execution-abcdefghij",
    )


def test_given_it_is_there_then_a_second_time_writes_nothing_and_says_the_same(
    fargate: Fargate, properties: Properties
) -> None:
    first = converge(graph_of(properties))
    with watched() as calls:
        assert converge(graph_of(properties)) == first
    assert calls.writes == []


def test_given_no_schema_yet_then_no_service_task_starts_before_the_migration_has_ended(
    fargate: Fargate, properties: Properties
) -> None:
    with watched() as calls:
        converge(graph_of(properties))
    assert calls.made.index("CreateListener") < calls.made.index("CreateService")
    tagged = calls.made.index("TagResource")
    assert calls.made.index("RunTask") < tagged < calls.made.index("CreateService")
    assert calls.writes[-1] == "ModifyLoadBalancerAttributes", "protection is the last step"


def test_given_a_migration_that_cannot_be_then_nothing_of_the_service_changes(
    fargate: Fargate, properties: Properties
) -> None:
    converge(graph_of(properties))
    before = json.dumps(fargate.services, default=str)
    fargate.inspection_ends = [migrated(HEAD, "ahead", **{"from": NEWER})]
    with (
        stacks.standing("UPDATE_IN_PROGRESS"),
        pytest.raises(PermanentError, match="The database is ahead of the image"),
    ):
        converge(graph_of(properties | {"ImageTag": "v3.16.0-full"}))
    assert json.dumps(fargate.services, default=str) == before


def test_given_every_invocation_dies_after_its_next_write_then_it_ends_the_same(
    fargate: Fargate, properties: Properties
) -> None:
    deaths = 0
    for _ in range(60):
        try:
            with watched(last_write=1):
                given = converge(graph_of(properties))
            break
        except Killed:
            deaths += 1
    assert deaths > 20
    assert len(fargate.migrations) == 1
    with watched() as calls:
        assert converge(graph_of(properties)) == given
    assert calls.writes == []


def test_given_a_removal_that_dies_after_each_write_then_nothing_owned_is_left(
    fargate: Fargate, properties: Properties
) -> None:
    before = owned(fargate)
    converge(graph_of(properties))
    for _ in range(60):
        try:
            with watched(last_write=1):
                remove(removal_of(properties))
            break
        except Killed:
            continue
    assert owned(fargate) == before == {}


@pytest.mark.parametrize("kept", [(), ("VpcId", "SubnetIds")])
def test_given_a_delete_whose_properties_are_gone_then_all_is_found_by_name(
    fargate: Fargate, properties: Properties, kept: tuple[str, ...]
) -> None:
    converge(graph_of(properties))
    remove(removal_of({name: properties[name] for name in kept}))
    assert owned(fargate) == {}


def test_given_two_services_then_the_removal_of_one_leaves_the_other(
    fargate: Fargate, properties: Properties
) -> None:
    converge(graph_of(properties, owner("Other")))
    others = owned(fargate)
    converge(graph_of(properties))
    remove(removal_of(properties))
    assert owned(fargate) == others
    with watched() as calls:
        converge(graph_of(properties, owner("Other")))
    assert calls.writes == []


def test_given_another_size_then_a_new_revision_and_no_migration(
    fargate: Fargate, properties: Properties
) -> None:
    converge(graph_of(properties))
    converge(graph_of(properties | {"Cpu": "1024", "Memory": "2048"}))
    assert (definition()["cpu"], definition()["memory"]) == ("1024", "2048")
    assert len(fargate.migrations) == 1
    assert len(boto("ecs").list_task_definitions()["taskDefinitionArns"]) == 2


def test_given_what_the_database_takes_then_the_pools_fit_and_the_sum_is_given(
    fargate: Fargate, properties: Properties
) -> None:
    for taken, pool, sum_of_it in (
        ("189", ("5", "5"), "168 of 189"),
        ("400", ("7", "8"), "248 of 400"),
    ):
        given = converge(graph_of(properties | {"DatabaseMaxConnections": taken}))
        assert given["ConnectionBudget"].endswith(f"twice in a deployment: {sum_of_it}")
        told = environment(server())
        names = ("MLFLOW_SQLALCHEMYSTORE_POOL_SIZE", "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW")
        assert tuple(told[name] for name in names) == pool
    assert len(fargate.migrations) == 1, "no migration for that"


def test_given_another_image_then_it_is_migrated_before_it_is_deployed(
    fargate: Fargate, properties: Properties
) -> None:
    converge(graph_of(properties))
    fargate.migration_ends = [migrated(HEAD), migrated(NEWER)]
    with watched() as calls:
        given = converge(graph_of(properties | {"ImageTag": "v3.18.0-full"}))
    assert given["SchemaRevision"] == NEWER
    assert calls.writes[:2] == ["RegisterTaskDefinition", "RunTask"]
    stopped = calls.made.index("UpdateService")
    ran = [place for place, name in enumerate(calls.made) if name == "RunTask"]
    moved = len(calls.made) - 1 - calls.made[::-1].index("UpdateService")
    assert ran[0] < stopped < ran[1] < moved < ran[2], "look, stop, migrate, move, check"
    assert server()["image"] == "ghcr.io/mlflow/mlflow:v3.18.0-full"


def test_given_a_change_that_crashes_then_the_rollback_needs_no_new_revision_and_no_migration(
    fargate: Fargate, properties: Properties
) -> None:
    first = converge(graph_of(properties))
    fargate.server_ends = lambda found: End(1, "boom") if found["cpu"] == "1024" else None
    with pytest.raises(PermanentError, match="ended with exit code 1; its log says: boom"):
        converge(graph_of(properties | {"Cpu": "1024", "Memory": "2048"}))
    with watched() as calls:
        assert converge(graph_of(properties)) == first
    assert {"RegisterTaskDefinition", "RunTask"}.isdisjoint(calls.made)
    assert len(fargate.migrations) == 1


def test_given_another_scheme_then_the_service_moves_to_a_load_balancer_beside(
    fargate: Fargate, properties: Properties
) -> None:
    before = converge(graph_of(properties))
    after = converge(graph_of(properties | {"LoadBalancerIsInternal": "false"}))
    assert before["LoadBalancerArn"] != after["LoadBalancerArn"]
    assert before["ServiceName"] == after["ServiceName"]
    [used] = fargate.services[NAME]["loadBalancers"]
    assert used["targetGroupArn"] == after["LoadBalancerTargetGroupId"]
    names = environment(server())["MLFLOW_SERVER_ALLOWED_HOSTS"].split(",")
    assert after["LoadBalancerDnsName"] in names
    assert before["LoadBalancerDnsName"] not in names
    assert len(owned(fargate)["balancers"]) == len(owned(fargate)["targets"]) == 1


def test_given_another_vpc_then_it_is_refused_before_anything_changes(
    fargate: Fargate, properties: Properties
) -> None:
    converge(graph_of(properties))
    with watched() as calls, pytest.raises(PermanentError, match="VpcId: cannot change from"):
        converge(graph_of(properties | {"VpcId": "vpc-0123456789abcdef0"}))
    assert calls.writes == []


def test_given_a_server_then_only_its_secrets_keys_are_named_and_no_value_is_in_its_definition(
    fargate: Fargate, properties: Properties
) -> None:
    given = converge(graph_of(properties))
    container = server()
    assert container["command"] == ["mlflow", "server"]
    assert container["portMappings"][0]["containerPort"] == 5000
    secret = properties["DatabaseSecretArn"]
    assert {one["name"]: one["valueFrom"] for one in container["secrets"]} == {
        "PGUSER": f"{secret}:username::",
        "PGPASSWORD": f"{secret}:password::",
        "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": f"{given['ServerSecretArn']}:webhook_key::",
        "MLFLOW_CRYPTO_KEK_PASSPHRASE": f"{given['ServerSecretArn']}:kek_passphrase::",
    }
    told = environment(container)
    assert told["PGHOST"] == properties["DatabaseEndpoint"]
    assert told["MLFLOW_ARTIFACTS_DESTINATION"] == "s3://artifacts-of-mine/mlflow"
    migration = definition("migration")["containerDefinitions"][0]
    assert (migration["entryPoint"], migration["command"][0]) == (["python"], "-c")
    assert migration["image"] == container["image"]
    changes = properties["DatabaseMigrationSecretArn"]
    assert migration["secrets"][0]["valueFrom"] == f"{changes}:username::"


def test_given_basic_auth_then_all_tasks_share_keys_of_the_servers_secret_and_a_migration_runs(
    fargate: Fargate, properties: Properties
) -> None:
    of_users = migrated(HEAD, "behind", **{"from": HEAD, "pending": ["auth-f1a2b3c4d5e6"]})
    fargate.inspection_ends = [migrated(HEAD, "empty"), of_users]
    converge(graph_of(properties))
    given = converge(graph_of(properties | {"BasicAuth": "true"}))
    container = server()
    assert container["command"][:2] == ["sh", "-c"]
    assert container["command"][2].endswith("exec mlflow server --app-name basic-auth")
    named = {one["name"]: one["valueFrom"] for one in container["secrets"]}
    secret = given["ServerSecretArn"]
    assert named["MLFLOW_FLASK_SERVER_SECRET_KEY"] == f"{secret}:flask_key::"
    assert named["MLFLOW_AUTH_ADMIN_PASSWORD"] == f"{secret}:admin_password::"
    told = environment(definition("migration")["containerDefinitions"][0])
    assert told["CFN_MLFLOW_BASIC_AUTH"] == "true"
    assert len(fargate.migrations) == 2, "the tables of users are made before a server starts"


def test_given_a_rotated_login_then_the_tasks_have_the_active_one_and_may_read_both(
    fargate: Fargate, properties: Properties
) -> None:
    logins = Graph()
    for names in (("mlflow_app", "mlflow_app_2"), ("mlflow_app_2", "mlflow_app")):
        logins.add(RotatedLoginSecret(owner("Other"), None, *names))
    converge(logins)
    found = boto("secretsmanager").list_secrets()["SecretList"]
    arns = sorted(one["ARN"] for one in found if "mlflow-app" in one["Name"])
    boto("secretsmanager").tag_resource(
        SecretId=arns[0],
        Tags=[{"Key": "cfn-mlflow:turn", "Value": "since 2026-01-01T00:00:00Z r1"}],
    )
    converge(graph_of(properties | {"DatabaseSecretArn": arns[1]}))
    named = {one["name"]: one["valueFrom"] for one in server()["secrets"]}
    assert named["PGPASSWORD"] == f"{arns[0]}:password::"
    policy = boto("iam").get_role_policy(
        RoleName="mlflow-execution-abcdefghij", PolicyName="cfn-mlflow"
    )["PolicyDocument"]
    [secrets] = [one for one in policy["Statement"] if one["Sid"] == "Secrets"]
    assert set(arns) < set(secrets["Resource"])


def test_given_sidecars_then_they_run_beside_and_log_where_the_server_does(
    fargate: Fargate, properties: Properties
) -> None:
    agent = {"Name": "agent", "Image": "public.ecr.aws/agent:7", "Essential": "false", "Cpu": "10"}
    converge(graph_of(properties | {"SidecarContainerDefinitions": [agent]}))
    mlflow, sidecar = definition()["containerDefinitions"]
    assert mlflow["name"] == "mlflow"
    assert (sidecar["name"], sidecar["essential"], sidecar["cpu"]) == ("agent", False, 10)
    assert sidecar["logConfiguration"] == mlflow["logConfiguration"]
    assert len(definition("migration")["containerDefinitions"]) == 1


def test_given_a_secret_taken_out_of_a_sidecar_then_the_task_has_it_no_more(
    fargate: Fargate, properties: Properties
) -> None:
    agent = {"Name": "agent", "Image": "public.ecr.aws/agent:7"}
    secrets = [{"Name": "A", "ValueFrom": properties["DatabaseSecretArn"]}]
    log = {"LogDriver": "awsfirelens"}
    for held in (
        {"Secrets": secrets, "User": "7", "LogConfiguration": log | {"SecretOptions": secrets}},
        {"Secrets": secrets, "LogConfiguration": log},
        {"LogConfiguration": log},
    ):
        converge(graph_of(properties | {"SidecarContainerDefinitions": [agent | held]}))
        sidecar = definition()["containerDefinitions"][1]
        assert bool(sidecar.get("secrets")) == ("Secrets" in held)
        assert bool(sidecar.get("user")) == ("User" in held)
        options = sidecar["logConfiguration"].get("secretOptions")
        assert bool(options) == ("SecretOptions" in held["LogConfiguration"])


def test_given_the_ai_gateway_then_it_is_on_for_the_providers_alone_and_off_again_without(
    fargate: Fargate, properties: Properties
) -> None:
    for given, told in (
        ([], ("false", NO_PROVIDER)),
        (["openai"], ("true", "openai")),
        (["openai", "anthropic"], ("true", "openai,anthropic")),
        ([], ("false", NO_PROVIDER)),
    ):
        converge(graph_of(properties | {"AiGatewayProviders": given}))
        names = ("MLFLOW_ENABLE_AI_GATEWAY", "MLFLOW_GATEWAY_ALLOWED_PROVIDERS")
        assert tuple(environment(server())[name] for name in names) == told


def test_given_containers_with_less_then_server_and_migration_have_it_and_have_it_back_without(
    fargate: Fargate, properties: Properties
) -> None:
    less = {"ReadonlyRootFilesystem": "true", "User": "10001:10001"}
    tmp = [{"sourceVolume": TMP, "containerPath": f"/{TMP}", "readOnly": False}]
    for given, user, readonly in (
        (less, "10001:10001", True),
        ({"User": "7"}, "7", None),
        ({}, None, None),
    ):
        converge(graph_of(properties | given))
        for part in ("", "migration"):
            found = definition(part)
            container = found["containerDefinitions"][0]
            assert (container.get("user"), container.get("readonlyRootFilesystem")) == (
                user,
                readonly,
            )
            assert container.get("mountPoints", []) == (tmp if readonly else [])
            names = [volume["name"] for volume in found.get("volumes", [])]
            assert names == ([TMP] if readonly else [])
    with watched() as calls:
        converge(graph_of(properties))
    assert calls.writes == []


def test_given_the_two_groups_then_each_admits_no_more_than_the_other(
    fargate: Fargate, properties: Properties
) -> None:
    given = converge(graph_of(properties))
    outer, inner = given["LoadBalancerSecurityGroupId"], given["ServiceSecurityGroupId"]
    groups = {
        one["GroupId"]: one
        for one in boto("ec2").describe_security_groups(GroupIds=[outer, inner])["SecurityGroups"]
    }
    [http] = groups[outer]["IpPermissions"]
    assert (http["FromPort"], http["IpRanges"][0]["CidrIp"]) == (80, "10.0.0.0/8")
    [to_tasks] = groups[outer]["IpPermissionsEgress"]
    assert (to_tasks["FromPort"], to_tasks["UserIdGroupPairs"][0]["GroupId"]) == (5000, inner)
    admitted = {
        (rule["FromPort"], pair["GroupId"])
        for rule in groups[inner]["IpPermissions"]
        for pair in rule["UserIdGroupPairs"]
    }
    assert admitted == {(5000, outer), (5000, inner)}, "the balancer, and the deep check"
    network = fargate.services[NAME]["networkConfiguration"]["awsvpcConfiguration"]
    client = properties["DatabaseClientSecurityGroupId"]
    assert set(network["securityGroups"]) == {inner, client}

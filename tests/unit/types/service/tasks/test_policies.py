"""What the tasks' roles may do: no more than is asked of them, in every partition."""

from __future__ import annotations

from typing import Any

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.iam.role import Policy
from cfn_mlflow.types.service.tasks.policies import PULL_ACTIONS, execution_policy, task_policy
from cfn_mlflow.types.service.tasks.sidecar_secrets import secrets_of
from tests.support.objects.service_kit import owner
from tests.support.template.provider_template import statements as boundary

KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
CHINA = Owner(
    "cfn-mlflow",
    "arn:aws-cn:cloudformation:cn-north-1:123456789012:stack/team/1",
    "MLflow",
    "abcdefghij",
    "0.1.0",
)


def statements(policy: Policy) -> dict[str, dict[str, Any]]:
    return {statement["Sid"]: statement for statement in policy["Statement"]}


def test_given_a_path_then_only_what_lies_under_it() -> None:
    found = statements(task_policy(owner(), "artifacts", "/mlflow/a", "", ()))
    assert found["ListArtifacts"]["Resource"] == "arn:aws:s3:::artifacts"
    prefix = {"StringLike": {"s3:prefix": ["mlflow/a", "mlflow/a/*"]}}
    assert found["ListArtifacts"]["Condition"] == prefix
    assert found["Artifacts"]["Resource"] == "arn:aws:s3:::artifacts/mlflow/a/*"
    assert "s3:DeleteObject" in found["Artifacts"]["Action"]
    assert found.keys() == {"ListArtifacts", "Artifacts"}


def test_given_a_path_with_an_asterisk_then_it_stands_for_itself_alone() -> None:
    found = statements(task_policy(owner(), "artifacts", "/a*b", "", ()))
    assert found["Artifacts"]["Resource"] == "arn:aws:s3:::artifacts/a${*}b/*"
    prefix = {"StringLike": {"s3:prefix": ["a${*}b", "a${*}b/*"]}}
    assert found["ListArtifacts"]["Condition"] == prefix


def test_given_the_root_then_the_whole_bucket() -> None:
    found = statements(task_policy(owner(), "artifacts", "/", "", ()))
    assert "Condition" not in found["ListArtifacts"]
    assert found["Artifacts"]["Resource"] == "arn:aws:s3:::artifacts/*"


def test_given_buckets_to_read_then_they_are_really_only_read() -> None:
    others = ("arn:aws:s3:::shared-*",)
    found = statements(task_policy(owner(), "artifacts", "/", "", others))
    assert found["ListOthers"]["Resource"] == ["arn:aws:s3:::shared-*"]
    assert found["ReadOthers"]["Resource"] == ["arn:aws:s3:::shared-*/*"]
    assert found["ListOthers"]["Action"] == "s3:ListBucket"
    assert found["ReadOthers"]["Action"] == "s3:GetObject"


def test_given_a_key_then_only_through_s3() -> None:
    found = statements(task_policy(owner(), "artifacts", "/", KEY, ()))["ArtifactsKey"]
    assert found["Resource"] == KEY
    assert found["Condition"] == {"StringLike": {"kms:ViaService": "s3.eu-west-1.*"}}


def test_given_two_secrets_then_exactly_those_and_their_keys_through_them() -> None:
    found = statements(execution_policy(owner(), "/aws/ecs/x", ["arn:b", "arn:a", "arn:a"], []))
    assert found["Secrets"]["Resource"] == ["arn:a", "arn:b"]
    condition = found["SecretsKeys"]["Condition"]
    assert condition["StringEquals"] == {"kms:EncryptionContext:SecretARN": ["arn:a", "arn:b"]}
    group = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/ecs/x:*"
    assert found["Log"]["Resource"] == group
    assert "PullImages" not in found


def test_given_an_image_in_ecr_then_that_repository_may_be_pulled_from() -> None:
    images = [
        "210987654321.dkr.ecr.us-east-1.amazonaws.com/team/mlflow@sha256:" + "0" * 64,
        "ghcr.io/mlflow/mlflow:v3.17.2-full",
    ]
    found = statements(execution_policy(owner(), "/aws/ecs/x", ["arn:a"], images))
    repository = "arn:aws:ecr:us-east-1:210987654321:repository/team/mlflow"
    assert found["PullImages"]["Resource"] == [repository]
    assert found["RegistryLogin"]["Action"] == "ecr:GetAuthorizationToken"


def test_image_in_ecr_is_allowed_its_first_pull_through_a_cache_there_alone() -> None:
    image = "210987654321.dkr.ecr.us-east-1.amazonaws.com/github/mlflow/mlflow:v3.17.2-full"
    pull = statements(execution_policy(owner(), "/aws/ecs/x", ["arn:a"], [image]))["PullImages"]
    assert {"ecr:BatchImportUpstreamImage", "ecr:CreateRepository"} <= set(pull["Action"])
    repository = "arn:aws:ecr:us-east-1:210987654321:repository/github/mlflow/mlflow"
    assert pull["Resource"] == [repository]


def test_given_an_image_of_the_public_gallery_then_it_needs_no_right() -> None:
    images = ["public.ecr.aws/docker/library/busybox:1"]
    found = statements(execution_policy(owner(), "/aws/ecs/x", ["arn:a"], images))
    assert "PullImages" not in found


def test_rights_to_pull_are_in_the_boundary_of_what_starts_tasks_too() -> None:
    [bounded] = [found for found in boundary("ExecutionBoundary") if found.sid == "PullImage"]
    assert set(bounded.actions) == set(PULL_ACTIONS)


def test_given_another_partition_then_no_arn_of_the_usual_one() -> None:
    images = ["210987654321.dkr.ecr.cn-north-1.amazonaws.com.cn/mlflow:1"]
    for policy in (
        task_policy(CHINA, "artifacts", "/", "", ()),
        execution_policy(CHINA, "/aws/ecs/x", ["arn:aws-cn:x"], images),
    ):
        assert "arn:aws:" not in str(policy)


def test_given_sidecars_then_every_secret_that_they_name_without_key_and_version() -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret"
    sidecar = {
        "secrets": [
            {"name": "A", "valueFrom": f"{arn}:agent-AbCdEf:key::"},
            {"name": "B", "valueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/x"},
        ],
        "logConfiguration": {"secretOptions": [{"name": "C", "valueFrom": f"{arn}:log-AbCdEf"}]},
        "repositoryCredentials": {"credentialsParameter": f"{arn}:registry-AbCdEf"},
    }
    named = [f"{arn}:agent-AbCdEf", f"{arn}:log-AbCdEf", f"{arn}:registry-AbCdEf"]
    assert list(secrets_of([sidecar])) == named

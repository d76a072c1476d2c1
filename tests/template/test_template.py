"""What the provider's template promises to stacks, for ever."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from cfn_mlflow_watch.__main__ import NAME, parser
from tests.support.properties import arn_examples as examples
from tests.support.template.provider_template import (
    FUNCTIONS,
    ROOT,
    TYPES,
    Json,
    properties,
    resources,
    template,
)

HANDLERS = {
    "MLflow": "custom_mlflow",
    "MLflowBucket": "custom_mlflow_bucket",
    "MLflowDatabase": "custom_mlflow_database",
    "MLflowService": "custom_mlflow_service",
    "MLflowSchema": "custom_mlflow_schema",
    "Rotation": "rotation",
    "LastWord": "last_word",
}
NO_VALUE = {"Ref": "AWS::NoValue"}
OWN_KEY = {"Fn::If": ["HasKmsKey", {"Ref": "KmsKeyArn"}, NO_VALUE]}
QUEUES = ("DeadLetters", "FailedRotations")
REPOSITORY_TYPES = Path(__file__).with_name("serverless_repository_types.txt")


def metadata(name: str) -> Json:
    found: Json = template()["Metadata"][name]
    return found


# ---- The tokens


@pytest.mark.parametrize("type_name", TYPES)
def test_a_token_is_given_by_export_by_parameter_and_by_function_name(type_name: str) -> None:
    arn = {"Fn::GetAtt": [f"{type_name}Function", "Arn"]}
    output = template()["Outputs"][f"{type_name}Token"]
    assert output["Value"] == arn
    assert output["Export"]["Name"] == {"Fn::Sub": f"${{ProviderName}}-{type_name}"}
    parameter = properties(f"{type_name}Token")
    assert parameter["Name"] == {"Fn::Sub": f"/${{ProviderName}}/{type_name}"}
    assert parameter["Value"] == arn
    name = properties(f"{type_name}Function")["FunctionName"]
    assert name == {"Fn::Sub": f"${{ProviderName}}-{type_name}"}


def test_the_default_name_is_the_products() -> None:
    assert template()["Parameters"]["ProviderName"]["Default"] == "cfn-mlflow"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_token_is_no_version_and_no_alias(function: str) -> None:
    assert "AutoPublishAlias" not in properties(f"{function}Function")
    tokens = {name for name in resources("AWS::SSM::Parameter") if name.endswith("Token")}
    values = [properties(name)["Value"] for name in tokens]
    aliases = resources("AWS::Lambda::Alias")
    assert values
    assert not [value for value in values if any(name in str(value) for name in aliases)]


def test_what_bears_the_providers_name_stays_when_it_is_replaced() -> None:
    for name, body in template()["Resources"].items():
        if body["Type"] != "AWS::CloudWatch::Alarm":
            assert body.get("UpdateReplacePolicy") == "Retain", name
            assert body.get("DeletionPolicy") == "Delete", name


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_its_entry_module(function: str) -> None:
    module, handler = properties(f"{function}Function")["Handler"].split(".")
    assert (module, handler) == (HANDLERS[function], "handler")
    assert re.search(r"^(def )?handler\b", _source(module), re.MULTILINE)


# ---- The functions


def test_all_functions_are_one_artifact() -> None:
    shared = template()["Globals"]["Function"]
    assert shared["CodeUri"] == "functions/"
    assert shared["Runtime"] == {"Ref": "Runtime"}
    assert shared["Architectures"] == [{"Ref": "Architecture"}]
    for function in FUNCTIONS:
        own = properties(f"{function}Function")
        assert not {"CodeUri", "Runtime", "Architectures"} & set(own)
        body = template()["Resources"][f"{function}Function"]
        assert body["Metadata"]["BuildMethod"] == "python-uv"


@pytest.mark.parametrize("type_name", TYPES)
def test_a_function_is_retried_within_the_hour_and_then_dead_lettered(type_name: str) -> None:
    function = properties(f"{type_name}Function")
    assert function["EventInvokeConfig"] == {
        "MaximumRetryAttempts": 2,
        "MaximumEventAgeInSeconds": 3600,
    }
    assert function["DeadLetterQueue"] == {
        "Type": "SQS",
        "TargetArn": {"Fn::GetAtt": ["DeadLetters", "Arn"]},
    }


@pytest.mark.parametrize("type_name", TYPES)
def test_a_function_may_hand_off_to_itself_again_and_again(type_name: str) -> None:
    assert properties(f"{type_name}Function")["RecursiveLoop"] == "Allow"


@pytest.mark.parametrize("type_name", TYPES)
def test_time_and_memory_of_a_function_are_the_deployers_choice(type_name: str) -> None:
    function = properties(f"{type_name}Function")
    assert function["Timeout"] == {"Ref": "FunctionTimeout"}
    assert function["MemorySize"] == {"Ref": "FunctionMemory"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_a_role_and_a_log_of_its_own(function: str) -> None:
    own = properties(f"{function}Function")
    assert own["Role"] == {"Fn::GetAtt": [f"{function}Role", "Arn"]}
    assert own["LoggingConfig"] == {"LogGroup": {"Ref": f"{function}Logs"}}
    assert properties(f"{function}Logs") == {
        "LogGroupName": {"Fn::Sub": f"/aws/lambda/${{ProviderName}}-{function}"},
        "RetentionInDays": {"Ref": "LogRetentionInDays"},
        "KmsKeyId": OWN_KEY,
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_roles_name_is_one_in_the_account_and_fits(function: str) -> None:
    name = properties(f"{function}Role")["RoleName"]["Fn::Sub"]
    assert "${AWS::Region}" in name
    longest = name.replace("${ProviderName}", "x" * 32).replace("${AWS::Region}", "ap-southeast-2")
    assert len(longest) <= 64


def test_the_functions_know_the_provider_and_the_boundary_and_never_log_events() -> None:
    shared = template()["Globals"]["Function"]["Environment"]["Variables"]
    assert shared["PROVIDER_NAME"] == {"Ref": "ProviderName"}
    assert shared["POWERTOOLS_SERVICE_NAME"] == {"Ref": "ProviderName"}
    assert shared["POWERTOOLS_LOG_LEVEL"] == {"Ref": "LogLevel"}
    assert "POWERTOOLS_LOGGER_LOG_EVENT" not in shared
    bounded = {
        function
        for function in FUNCTIONS
        if "BOUNDARY_ARN"
        in properties(f"{function}Function").get("Environment", {"Variables": {}})["Variables"]
    }
    assert bounded == {"MLflow", "MLflowService"}


def test_the_functions_know_what_the_deployer_allows() -> None:
    shared = template()["Globals"]["Function"]["Environment"]["Variables"]
    listed = {
        "AllowedSecretArns": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a-AbCdEf",
        "AllowedKeyArns": "arn:aws:kms:eu-west-1:123456789012:key/1,arn:aws:kms:a:1:key/2",
        "AllowedBucketArns": "arn:aws:s3:::one,arn:aws:s3:::two.three",
        "AllowedVpcIds": "vpc-1,vpc-2",
        "AllowedImagePrefixes": "ghcr.io/mlflow/,registry.example:5000/team/mlflow",
    }
    assert evaluated(shared["ALLOWED_SECRET_ARNS"], listed) == listed["AllowedSecretArns"]
    assert evaluated(shared["ALLOWED_KEY_ARNS"], listed) == listed["AllowedKeyArns"]
    assert evaluated(shared["ALLOWED_VPC_IDS"], listed) == "vpc-1,vpc-2"
    assert evaluated(shared["ALLOWED_IMAGE_PREFIXES"], listed) == listed["AllowedImagePrefixes"]
    names = set(evaluated(shared["ALLOWED_BUCKET_NAMES"], listed).split(","))
    assert {name for name in names if ":" not in name} == {"one", "two.three"}


def test_nothing_is_allowed_where_nothing_is_listed() -> None:
    shared = template()["Globals"]["Function"]["Environment"]["Variables"]
    none = {"AllowedSecretArns": "", "AllowedKeyArns": "", "AllowedBucketArns": ""}
    for name in ("ALLOWED_SECRET_ARNS", "ALLOWED_KEY_ARNS", "ALLOWED_BUCKET_NAMES"):
        assert evaluated(shared[name], none) == ""


# ---- The last word


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_is_encrypted_with_a_key_of_aws_or_with_the_deployers(queue: str) -> None:
    found = properties(queue)
    assert found["SqsManagedSseEnabled"] == {"Fn::If": ["HasKmsKey", NO_VALUE, True]}
    assert found["KmsMasterKeyId"] == OWN_KEY


def test_the_dead_letter_queue_forgets_within_a_day() -> None:
    assert properties("DeadLetters")["MessageRetentionPeriod"] <= 86400


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_refuses_what_does_not_come_over_tls(queue: str) -> None:
    denied = queue_denials(queue)["sqs:*"]
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert properties(f"{queue}Policy")["Queues"] == [{"Ref": queue}]


def test_a_failed_rotation_is_kept_for_an_operator_and_written_by_its_function_alone() -> None:
    function = properties("RotationFunction")
    arn = {"Fn::GetAtt": ["FailedRotations", "Arn"]}
    assert function["DeadLetterQueue"] == {"Type": "SQS", "TargetArn": arn}
    assert queue_denials("FailedRotations")["sqs:SendMessage"]["Condition"] == {
        "ArnNotEquals": {"aws:PrincipalArn": function["Role"]}
    }
    described = properties("RotationFailed")["AlarmDescription"]["Fn::Sub"]
    assert "${ProviderName}-failed-rotations" in described
    assert properties("FailedRotations")["QueueName"] == {
        "Fn::Sub": "${ProviderName}-failed-rotations"
    }


def queue_denials(queue: str = "DeadLetters") -> dict[str, Any]:
    """Return what a queue denies to everybody, by action."""
    found = {}
    for statement in properties(f"{queue}Policy")["PolicyDocument"]["Statement"]:
        assert statement["Effect"] == "Deny"
        assert statement["Principal"] == "*"
        assert statement["Resource"] == {"Fn::GetAtt": [queue, "Arn"]}
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            found[action] = statement
    return found


def test_only_the_functions_that_leave_dead_letters_may_send_one() -> None:
    """Whoever sends one makes the last word answer; by the queue's policy, not by rights alone."""
    leaving = [
        name.removesuffix("Function")
        for name, made in template()["Resources"].items()
        if made.get("Properties", {}).get("DeadLetterQueue", {}).get("TargetArn")
        == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    ]
    roles = [properties(f"{name}Function")["Role"] for name in leaving]

    assert len(roles) == len(TYPES)
    assert queue_denials()["sqs:SendMessage"]["Condition"] == {
        "ArnNotEquals": {"aws:PrincipalArn": roles}
    }


@pytest.mark.parametrize(
    "action", ["sqs:ReceiveMessage", "sqs:ChangeMessageVisibility", "sqs:DeleteMessage"]
)
def test_only_the_last_word_may_read_dead_letters(action: str) -> None:
    """They hold properties that a stack masks, and addresses at which one may answer."""
    assert queue_denials()[action]["Condition"] == {
        "ArnNotEquals": {"aws:PrincipalArn": properties("LastWordFunction")["Role"]}
    }


def test_the_last_word_reads_the_queue_and_tells_which_messages_failed() -> None:
    ((_, event),) = properties("LastWordFunction")["Events"].items()
    assert event["Properties"]["Queue"] == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    timeout = properties("LastWordFunction")["Timeout"]
    assert properties("DeadLetters")["VisibilityTimeout"] >= 6 * timeout


def test_a_message_that_even_the_last_word_leaves_raises_the_alarm() -> None:
    alarm = properties("DeadLettersStuck")
    assert alarm["MetricName"] == "ApproximateAgeOfOldestMessage"
    assert alarm["Threshold"] < 3600
    assert alarm["TreatMissingData"] == "notBreaching"
    assert alarm["AlarmActions"] == {
        "Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]
    }


def test_a_rotation_that_failed_in_all_its_tries_raises_the_alarm_whenever_they_were() -> None:
    """Lambda developer guide, Types of metrics: an event is dropped once its tries are exhausted.

    What goes to a dead-letter queue is sent there before it is dropped, and counts too. Errors of
    single tries can lie in two periods, and be of tries that another one made good.
    """
    alarm = properties("RotationFailed")
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", "AsyncEventsDropped")
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "RotationFunction"}}]
    assert (alarm["Statistic"], alarm["Threshold"], alarm["EvaluationPeriods"]) == ("Sum", 1, 1)
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert alarm["TreatMissingData"] == "notBreaching"


# ---- What a careful account wants


def test_the_environment_is_encrypted_with_the_deployers_key_where_there_is_one() -> None:
    assert template()["Globals"]["Function"]["KmsKeyArn"] == OWN_KEY
    for function in FUNCTIONS:
        assert "KmsKeyArn" not in properties(f"{function}Function")


def test_nothing_is_reserved_by_default_for_a_new_account_has_ten_invocations() -> None:
    """Lambda refuses a reservation that leaves fewer than 100: a first deploy would fail."""
    for parameter in ("FunctionReservedConcurrency", "LastWordReservedConcurrency"):
        assert template()["Parameters"][parameter]["Default"] == 0


@pytest.mark.parametrize(
    ("holder", "parameter", "condition"),
    [
        ("Globals", "FunctionReservedConcurrency", "HasFunctionReservation"),
        ("LastWordFunction", "LastWordReservedConcurrency", "HasLastWordReservation"),
    ],
)
def test_what_is_reserved_is_the_deployers_choice(
    holder: str, parameter: str, condition: str
) -> None:
    shared = template()["Globals"]["Function"]
    found = shared if holder == "Globals" else properties(holder)
    reserved = {"Fn::If": [condition, {"Ref": parameter}, NO_VALUE]}
    assert found["ReservedConcurrentExecutions"] == reserved
    wanted = {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, "0"]}]}
    assert template()["Conditions"][condition] == wanted


# ---- The parameters


def test_every_parameter_has_a_default_words_and_bounds() -> None:
    for name, parameter in template()["Parameters"].items():
        assert parameter["Description"], name
        assert parameter["ConstraintDescription"], name
        assert "Default" in parameter, name
        assert {"AllowedPattern", "AllowedValues", "MinValue"} & set(parameter), name


def test_every_default_is_one_that_its_parameter_allows() -> None:
    for name, parameter in template()["Parameters"].items():
        default = parameter["Default"]
        assert re.search(parameter.get("AllowedPattern", ""), str(default)), name
        assert default in parameter.get("AllowedValues", [default]), name
        assert parameter.get("MinValue", 0) <= (default if isinstance(default, int) else 0) or (
            "MinValue" not in parameter
        ), name


def test_every_parameter_stands_in_a_group_and_has_a_label() -> None:
    interface = metadata("AWS::CloudFormation::Interface")
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(template()["Parameters"])
    assert set(interface["ParameterLabels"]) == set(template()["Parameters"])


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("ProviderName", "team-mlflow", "Team"),
        ("ProviderName", "abc", "a-"),
        (
            "AllowedSecretArns",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db/mlflow-AbCdEf",
            "mlflow-password",
        ),
        (
            "AllowedSecretArns",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!cluster-0f1e-AbCdEf",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:*",
        ),
        ("AllowedBucketArns", "arn:aws-cn:s3:::my.bucket", "my.bucket"),
        ("AllowedBucketArns", "arn:aws:s3:::Old_Bucket.of-ours", "arn:aws:s3:::team/path"),
        ("AllowedBucketArns", "arn:aws:s3:::team", "arn:aws:s3:::team-*"),
        ("AllowedKeyArns", "arn:aws:kms:eu-west-1:123456789012:key/mrk-1a", "alias/mine"),
        ("AlarmTopicArn", "arn:aws-us-gov:sns:us-gov-west-1:123456789012:pager", "pager"),
        ("AllowedImagePrefixes", "ghcr.io/mlflow/", "ghcr.io/mlflow/*"),
        ("AllowedImagePrefixes", "ghcr.io/mlflow/mlflow", "ghcr.io/mlflow/mlflow:v3.17.2-full"),
        ("AllowedImagePrefixes", "registry.example:5000/", "registry.example:5000"),
        ("AllowedImagePrefixes", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a_b/c", "ghcr.io:"),
    ],
)
def test_a_pattern_tells_a_good_value_from_a_bad_one(name: str, good: str, bad: str) -> None:
    pattern = template()["Parameters"][name]["AllowedPattern"]
    assert re.fullmatch(pattern, good)
    assert not re.fullmatch(pattern, bad)


@pytest.mark.parametrize(
    ("name", "examples"),
    [
        ("AllowedSecretArns", examples.SECRETS),
        ("AllowedBucketArns", examples.BUCKETS),
        ("AllowedKeyArns", examples.KEYS),
        ("AlarmTopicArn", examples.TOPICS),
    ],
)
def test_a_pattern_takes_what_aws_gives_as_an_arn(name: str, examples: tuple[str, ...]) -> None:
    pattern = template()["Parameters"][name]["AllowedPattern"]
    assert [arn for arn in examples if not re.fullmatch(pattern, arn)] == []


def test_a_timeout_is_long_enough_to_hand_off_and_no_longer_than_lambda_allows() -> None:
    timeout = template()["Parameters"]["FunctionTimeout"]
    assert (timeout["MinValue"], timeout["Default"], timeout["MaxValue"]) == (30, 900, 900)


def test_the_newest_runtime_and_the_cheaper_processor_are_the_defaults() -> None:
    runtime = template()["Parameters"]["Runtime"]
    assert runtime["Default"] == runtime["AllowedValues"][-1]
    assert template()["Parameters"]["Architecture"]["Default"] == "arm64"


# ---- sam and the Serverless Application Repository


def test_the_repository_knows_every_type_that_the_template_names() -> None:
    known = set(REPOSITORY_TYPES.read_text().split())
    assert {body["Type"] for body in template()["Resources"].values()} <= known


def test_the_repositorys_metadata_is_whole_and_within_its_limits() -> None:
    found = metadata("AWS::ServerlessRepo::Application")
    assert re.fullmatch(r"[A-Za-z0-9-]{1,140}", found["Name"])
    assert len(found["Description"]) <= 256
    assert re.fullmatch(r"[a-z0-9](([a-z0-9]|-(?!-))*[a-z0-9])?", found["Author"])
    assert found["SpdxLicenseId"] == "Apache-2.0"
    assert (ROOT / found["LicenseUrl"]).is_file()
    assert (ROOT / found["ReadmeUrl"]).is_file()
    assert len(found["Labels"]) <= 10
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert found["SemanticVersion"] == project["version"]


def test_sam_needs_no_answer_but_enter() -> None:
    settings = tomllib.loads((ROOT / "samconfig.toml").read_text())["default"]
    assert settings["global"]["parameters"]["stack_name"] == "cfn-mlflow"
    assert "region" not in settings["global"]["parameters"]
    assert settings["build"]["parameters"]["beta_features"] is True
    deploy = settings["deploy"]["parameters"]
    assert deploy["resolve_s3"] is True
    assert deploy["confirm_changeset"] is False
    assert set(deploy["capabilities"].split()) == {"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"}


def evaluated(value: Any, parameters: dict[str, str]) -> Any:
    """Return what CloudFormation makes of Ref, Fn::Join and Fn::Split."""
    if isinstance(value, list):
        return [evaluated(item, parameters) for item in value]
    if not isinstance(value, dict):
        return value
    ((function, argument),) = value.items()
    if function == "Ref":
        return parameters[argument]
    delimiter, rest = argument[0], evaluated(argument[1], parameters)
    return delimiter.join(rest) if function == "Fn::Join" else rest.split(delimiter)


def _source(module: str) -> str:
    return (ROOT / "functions" / f"{module}.py").read_text()


def test_the_output_that_names_the_command_that_watches_can_be_typed_as_it_stands() -> None:
    output = template()["Outputs"]["WatchCommand"]["Value"]
    program, words = output["Fn::Sub"].replace("${ProviderName}", "next").split(NAME)
    assert program == "uvx --from . "
    asked = parser().parse_args(words.split())
    assert (asked.stack, asked.provider_name) == ("STACK", "next")

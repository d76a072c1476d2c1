"""Functions on the local AWS run as on Lambda, and what asynchronous invocation promises holds."""

import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local import environments
from local.aws import LocalAws, LocalAwsError
from local.provider import architecture
from tests.support.docs.guided import NOT_TO_BE_SAVED, Checkout
from tests.support.local_aws.probe import Probe
from tests.support.local_aws.stacks import Stack
from tests.support.waiting import until

QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"SqsManagedSseEnabled": True}}
DEAD_LETTERS = {"TargetArn": {"Fn::GetAtt": ["Lost", "Arn"]}}


def test_a_function_has_the_interpreter_of_its_runtime_and_nothing_but_its_artifact(
    bare_aws: LocalAws, probe: Probe
) -> None:
    Stack.create(bare_aws, probe.name, probe.template({"Thing": {}}))

    (seen,) = probe.seen()
    runtime = environments.ENVIRONMENTS / "runtime" / environments.host_runtime()
    assert Path(seen["prefix"]) == runtime
    packages = [path for path in seen["path"] if "packages" in path]
    assert [Path(path).name for path in packages] == ["site-packages"]
    assert os.listdir(packages[0]) == []  # noqa: PTH208 - names alone


def test_a_function_sees_what_lambda_sets_and_nothing_of_the_emulators_environment(
    bare_aws: LocalAws, probe: Probe
) -> None:
    Stack.create(bare_aws, probe.name, probe.template({"Thing": {}}, MemorySize=512))

    env = probe.seen()[0]["env"]
    assert env["AWS_LAMBDA_FUNCTION_NAME"] == probe.name
    assert env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "512"
    assert env["AWS_EXECUTION_ENV"] == f"AWS_Lambda_{environments.host_runtime()}"
    assert env["AWS_ENDPOINT_URL"] == bare_aws.endpoint
    assert env["_HANDLER"] == "index.handler"
    foreign = {name for name in env if not name.startswith(("AWS_", "LAMBDA_", "_"))}
    # LC_CTYPE is what an interpreter sets by itself in the C locale (PEP 538).
    expected = {"HOME", "LANG", "PATH", "SEEN", "SSL_CERT_FILE", "TMPDIR", "TZ"}
    assert foreign - {"LC_CTYPE"} == expected


def test_concurrent_invocations_have_environments_of_their_own(
    bare_aws: LocalAws, probe: Probe
) -> None:
    Stack.create(bare_aws, probe.name, probe.template({}))
    client = bare_aws.session().client("lambda")
    event = {
        "RequestType": "Create",
        "ResponseURL": "",
        "ResourceProperties": {"Do": "sleep=2 silent"},
    }
    for _ in range(3):
        client.invoke(FunctionName=probe.name, InvocationType="Event", Payload=json.dumps(event))
    probe.wait_until_seen(3)

    assert len(set(bare_aws.pids_of(probe.name))) == 3
    assert {line["pid"] for line in probe.seen()} == set(bare_aws.pids_of(probe.name))


def test_an_event_without_success_goes_to_the_dead_letter_queue_as_it_was(
    bare_aws: LocalAws, probe: Probe
) -> None:
    template = probe.template({}, DeadLetterConfig=DEAD_LETTERS)
    template["Resources"]["Lost"] = QUEUE
    template["Outputs"] = {"Queue": {"Value": {"Ref": "Lost"}}}
    stack = Stack.create(bare_aws, probe.name, template)
    event = {"RequestType": "Create", "ResponseURL": "", "ResourceProperties": {"Do": "raise"}}
    session = bare_aws.session()
    session.client("lambda").invoke(
        FunctionName=probe.name, InvocationType="Event", Payload=json.dumps(event)
    )

    (message,) = session.client("sqs").receive_message(
        QueueUrl=stack.outputs["Queue"], WaitTimeSeconds=20, MessageAttributeNames=["All"]
    )["Messages"]

    assert json.loads(message["Body"]) == event
    attributes = {n: a["StringValue"] for n, a in message["MessageAttributes"].items()}
    assert attributes == {
        "RequestID": probe.seen()[0]["aws_request_id"],
        "ErrorCode": "200",
        "ErrorMessage": "told to raise",
    }
    assert len(probe.seen()) == 3


def test_an_event_without_success_goes_to_the_on_failure_destination_with_its_story(
    bare_aws: LocalAws, probe: Probe
) -> None:
    template = probe.template({})
    template["Resources"]["Lost"] = QUEUE
    template["Resources"]["Config"] = {
        "Type": "AWS::Lambda::EventInvokeConfig",
        "Properties": {
            "FunctionName": {"Ref": "Function"},
            "Qualifier": "$LATEST",
            "MaximumRetryAttempts": 1,
            "DestinationConfig": {"OnFailure": {"Destination": {"Fn::GetAtt": ["Lost", "Arn"]}}},
        },
    }
    template["Outputs"] = {"Queue": {"Value": {"Ref": "Lost"}}}
    stack = Stack.create(bare_aws, probe.name, template)
    event = {"RequestType": "Create", "ResponseURL": "", "ResourceProperties": {"Do": "die"}}
    session = bare_aws.session()
    session.client("lambda").invoke(
        FunctionName=probe.name, InvocationType="Event", Payload=json.dumps(event)
    )

    (message,) = session.client("sqs").receive_message(
        QueueUrl=stack.outputs["Queue"], WaitTimeSeconds=20
    )["Messages"]

    record = json.loads(message["Body"])
    assert record["requestPayload"] == event
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2


def test_a_queue_feeds_a_function(bare_aws: LocalAws, probe: Probe) -> None:
    template = probe.template({})
    template["Resources"]["Lost"] = QUEUE
    template["Resources"]["Feed"] = {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {
            "EventSourceArn": {"Fn::GetAtt": ["Lost", "Arn"]},
            "FunctionName": {"Ref": "Function"},
            "BatchSize": 1,
        },
    }
    template["Outputs"] = {"Queue": {"Value": {"Ref": "Lost"}}}
    stack = Stack.create(bare_aws, probe.name, template)
    bare_aws.session().client("sqs").send_message(
        QueueUrl=stack.outputs["Queue"],
        MessageBody="hello",
        MessageAttributes={"Why": {"DataType": "String", "StringValue": "because"}},
    )

    (seen,) = probe.wait_until_seen(1)
    (record,) = seen["event"]["Records"]
    assert record["body"] == "hello"
    assert record["messageAttributes"]["Why"]["stringValue"] == "because"
    assert stack.delete() == "DELETE_COMPLETE"


DUE = {"due": "now"}


def scheduled(probe: Probe, schedule: str) -> dict[str, Any]:
    """Return a template with a rule of this schedule, which invokes the probe's function."""
    template = probe.template({})
    template["Resources"]["Rule"] = {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "Name": probe.name,
            "ScheduleExpression": schedule,
            "Targets": [
                {"Id": "it", "Arn": {"Fn::GetAtt": ["Function", "Arn"]}, "Input": json.dumps(DUE)}
            ],
        },
    }
    return template


@pytest.mark.long
def test_a_rule_fires_on_its_schedule(bare_aws: LocalAws, probe: Probe) -> None:
    stack = Stack.create(bare_aws, probe.name, scheduled(probe, "rate(1 minute)"))
    (seen,) = probe.wait_until_seen(1)
    assert seen["event"] == DUE
    assert stack.delete() == "DELETE_COMPLETE"


@pytest.mark.parametrize("schedule", ["rate(30 days)", "cron(0 3 1 1 ? *)"])
def test_the_control_lets_the_time_of_a_rule_come_once(
    bare_aws: LocalAws, probe: Probe, schedule: str
) -> None:
    stack = Stack.create(bare_aws, probe.name, scheduled(probe, schedule))
    for times in (1, 2):
        bare_aws.fire_rule(probe.name)
        assert [one["event"] for one in probe.wait_until_seen(times)] == [DUE] * times
    assert stack.delete() == "DELETE_COMPLETE"


def test_the_control_refuses_a_rule_that_is_not_there_or_is_off(
    bare_aws: LocalAws, probe: Probe
) -> None:
    with pytest.raises(LocalAwsError, match="There is no rule nobodys"):
        bare_aws.fire_rule("nobodys")
    stack = Stack.create(bare_aws, probe.name, scheduled(probe, "rate(30 days)"))
    bare_aws.session().client("events").disable_rule(Name=probe.name)
    with pytest.raises(LocalAwsError, match="has no schedule that is on"):
        bare_aws.fire_rule(probe.name)
    assert stack.delete() == "DELETE_COMPLETE"
    assert probe.seen() == []


def hops(aws: LocalAws, probe: Probe, count: int, **function: Any) -> Stack:
    resource = {"OnCreate": f"hops={count}", "ServiceTimeout": 20}
    return Stack.create(aws, probe.name, probe.template({"Thing": resource}, **function))


def test_a_function_hands_on_to_itself_as_often_as_it_likes_when_loops_are_allowed(
    bare_aws: LocalAws, probe: Probe
) -> None:
    stack = hops(bare_aws, probe, 20, RecursiveLoop="Allow")

    assert stack.status == "CREATE_COMPLETE"
    assert len([kind for kind, _ in probe.requests() if kind == "Create"]) == 21


def test_a_loop_is_stopped_after_sixteen_hops_otherwise(bare_aws: LocalAws, probe: Probe) -> None:
    stack = hops(bare_aws, probe, 20)

    assert stack.status == "ROLLBACK_COMPLETE"
    last = [line for line in probe.seen() if line["event"]["RequestType"] == "Create"][-1]
    depth = last["env"]["_X_AMZN_TRACE_ID"].rsplit(":", 1)[1]
    assert depth == "16"


def test_an_asynchronous_event_may_have_one_megabyte(bare_aws: LocalAws, probe: Probe) -> None:
    Stack.create(bare_aws, probe.name, probe.template({}))
    client = bare_aws.session().client("lambda")

    def send(size: int) -> int:
        payload = json.dumps({"RequestType": "x" * (size - 19)})
        assert len(payload) == size
        answer = client.invoke(FunctionName=probe.name, InvocationType="Event", Payload=payload)
        return int(answer["StatusCode"])

    assert send(1_048_576) == 202
    with pytest.raises(ClientError, match="RequestTooLargeException"):
        send(1_048_577)
    probe.wait_until_seen(1)


def test_what_a_function_logs_is_in_its_log_group_in_lambdas_format(
    bare_aws: LocalAws, probe: Probe
) -> None:
    template = probe.template({})
    template["Resources"]["Function"]["Properties"]["Code"]["ZipFile"] = (
        "import logging\ndef handler(event, context):\n    logging.warning('here')\n"
    )
    Stack.create(bare_aws, probe.name, template)
    session = bare_aws.session()
    session.client("lambda").invoke(FunctionName=probe.name, Payload="{}")

    logs = session.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{probe.name}")
    lines = [event["message"] for event in logs["events"]]
    request_id = lines[0].split()[2]
    level, _time, logged_id, text = lines[1].strip().split("\t")
    assert (level, logged_id, text) == ("[WARNING]", request_id, "here")


def test_what_a_function_says_can_be_read_while_it_runs(bare_aws: LocalAws, probe: Probe) -> None:
    template = probe.template({})
    template["Resources"]["Function"]["Properties"]["Code"]["ZipFile"] = (
        "import time\ndef handler(event, context):\n    print('waiting')\n    time.sleep(600)\n"
    )
    Stack.create(bare_aws, probe.name, template)
    session = bare_aws.session()
    session.client("lambda").invoke(FunctionName=probe.name, InvocationType="Event", Payload="{}")

    def said() -> list[str]:
        with contextlib.suppress(ClientError):
            logs = session.client("logs").filter_log_events(
                logGroupName=f"/aws/lambda/{probe.name}"
            )
            return [event["message"] for event in logs["events"]]
        return []

    assert until(said, lambda found: len(found) > 1, "a line of the function")[1] == "waiting"
    assert bare_aws.kill_function(probe.name)


def test_every_call_is_counted_under_the_name_of_its_caller(bare_aws: LocalAws) -> None:
    # The stubs do not know the option yet.
    named = Config(user_agent_appid="somebody")  # type: ignore[call-arg]
    session = bare_aws.session()
    bucket = f"counted-{time.time_ns()}"
    s3 = session.client("s3", config=named)
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    with contextlib.suppress(ClientError):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="a/b c", Body=b"x")
    s3.list_objects_v2(Bucket=bucket)
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a/b c"}]})
    session.client("rds", config=named).describe_db_clusters()
    session.client("elbv2", config=named).describe_load_balancers()
    session.client("ecs", config=named).list_clusters()
    session.client("lambda", config=named).list_functions()
    session.client("ssm", config=named).describe_parameters()
    session.client("ssm", config=named).describe_parameters()

    counted = [
        (call["service"], call["action"], call["count"])
        for call in bare_aws.calls()
        if call["caller"] == "somebody"
    ]
    assert counted == [
        ("ecs", "ListClusters", 1),
        ("elasticloadbalancing", "DescribeLoadBalancers", 1),
        ("lambda", "ListFunctions", 1),
        ("rds", "DescribeDBClusters", 1),
        ("s3", "CreateBucket", 1),
        ("s3", "DeleteObjects", 1),
        ("s3", "GetBucketLifecycleConfiguration", 1),
        ("s3", "ListObjectsV2", 1),
        ("s3", "PutBucketVersioning", 1),
        ("s3", "PutObject", 1),
        ("ssm", "DescribeParameters", 2),
    ]


OTHER_RUNTIME = next(
    f"python3.{minor}" for minor in (14, 13) if f"python3.{minor}" != environments.host_runtime()
)
OTHER_PROCESSOR = "x86_64" if architecture() == "arm64" else "arm64"
HERE = f"--parameter-overrides Runtime={environments.host_runtime()} Architecture={architecture()}"
COMMAND = f"sam build {HERE} && sam deploy --guided {HERE}"


@pytest.mark.parametrize(
    "other", [{"Runtime": OTHER_RUNTIME}, {"Architectures": [OTHER_PROCESSOR]}]
)
def test_a_function_that_this_machine_cannot_run_fails_its_stack_at_once(
    bare_aws: LocalAws, probe: Probe, other: dict[str, Any]
) -> None:
    stack = Stack.create(bare_aws, probe.name, probe.template({"Thing": {}}, **other))
    assert stack.status == "ROLLBACK_COMPLETE"
    reason = stack.failures()["Function"]
    assert next(iter(other))[:12] in reason
    assert COMMAND in reason
    assert probe.seen() == []


def test_update_to_what_this_machine_cannot_run_goes_back_and_the_function_works(
    bare_aws: LocalAws, probe: Probe
) -> None:
    stack = Stack.create(bare_aws, probe.name, probe.template({}))
    changed = probe.template({}, Runtime=OTHER_RUNTIME, Architectures=[OTHER_PROCESSOR])
    assert stack.update(changed) == "UPDATE_ROLLBACK_COMPLETE"
    assert COMMAND in stack.failures()["Function"]
    client = bare_aws.session().client("lambda")
    event = {"RequestType": "Create", "ResponseURL": "", "ResourceProperties": {"Do": "silent"}}
    answer = client.invoke(FunctionName=probe.name, Payload=json.dumps(event))
    assert "FunctionError" not in answer


def test_the_api_refuses_what_this_machine_cannot_run_with_the_command_that_works(
    bare_aws: LocalAws, probe: Probe
) -> None:
    Stack.create(bare_aws, probe.name, probe.template({}))
    client: Any = bare_aws.session().client("lambda")
    code = {"ZipFile": b"not looked at"}
    role = "arn:aws:iam::000000000000:role/probe"
    common = {"FunctionName": "other", "Role": role, "Handler": "a.b", "Code": code}
    for call, asked in (
        (client.create_function, {**common, "Runtime": OTHER_RUNTIME}),
        (
            client.create_function,
            {
                **common,
                "Runtime": environments.host_runtime(),
                "Architectures": [OTHER_PROCESSOR],
            },
        ),
        (
            client.update_function_configuration,
            {"FunctionName": probe.name, "Runtime": OTHER_RUNTIME},
        ),
        (
            client.update_function_code,
            {"FunctionName": probe.name, "Architectures": [OTHER_PROCESSOR], **code},
        ),
    ):
        with pytest.raises(ClientError) as refused:
            call(**asked)
        assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
        assert COMMAND in refused.value.response["Error"]["Message"]


def test_readmes_deploy_is_refused_at_once_and_the_command_that_it_names_works(
    local_aws: LocalAws, tmp_path: Path
) -> None:
    checkout = Checkout.make(tmp_path, local_aws)
    before = checkout.files()
    ended, said = checkout.sam("build", {})
    assert ended == 0, said
    ended, said = checkout.sam("deploy --guided", NOT_TO_BE_SAVED)
    assert ended != 0
    assert "The local AWS cannot run a function of Runtime python3.14" in " ".join(said.split())
    stack = Stack(local_aws, "cfn-mlflow")
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    for words in COMMAND.replace("sam ", "").split(" && "):
        ended, said = checkout.sam(words, NOT_TO_BE_SAVED)
        assert ended == 0, said
    assert stack.status in ("UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"), "or nothing to do"
    assert checkout.files() == before

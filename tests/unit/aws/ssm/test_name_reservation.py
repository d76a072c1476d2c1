"""The reservation of a UniqueName: one holder, and a successor once the holder is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from cfn_mlflow.aws.core import session
from cfn_mlflow.aws.core.errors import explain
from cfn_mlflow.aws.core.owner import USER_KEYS_TAG, Owner
from cfn_mlflow.aws.ssm.name_reservation import NameReservation
from cfn_mlflow.engine.converge import Convergence
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.outcome import REASON_BYTES, PermanentError, Waiting
from cfn_mlflow.reason import Reason
from tests.support.codes import failing
from tests.support.objects.kill_points import Killed, watched
from tests.support.objects.service_kit import STACK, boto, converge, owner, remove

PATH = "/cfn-mlflow/names/team-a"
FORMER = owner("Other", user_tags={"former": "yes"})
NOT_THERE = (
    f"Stack '{STACK}' does not exist",
    f"Resource Other does not exist for stack {STACK}",
)


def graph_of(whose: Owner | None = None) -> Graph:
    graph = Graph()
    graph.begin(NameReservation(whose or owner(user_tags={"team": "a"}), PATH))
    return graph


def value() -> str:
    return str(boto("ssm").get_parameter(Name=PATH)["Parameter"]["Value"])


def tags() -> dict[str, str]:
    found = boto("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId=PATH)
    return {tag["Key"]: tag["Value"] for tag in found["TagList"]}


@pytest.fixture
def stack(aws: None) -> Iterator[Stubber]:
    """CloudFormation, which is told what to say; the name is the former holder's."""
    with watched():  # its clients are the last that are made anew
        converge(graph_of(FORMER))
    with Stubber(session.client("cloudformation")) as stub:
        yield stub


def says(stack: Stubber, status: str, times: int = 3, of: str = "Other") -> None:
    """Let CloudFormation tell a status of a holder so often: the former one's, unless told."""
    for _ in range(times):
        detail: dict[str, Any] = {
            "StackId": STACK,
            "LogicalResourceId": of,
            "ResourceType": "Custom::MLflow",
            "LastUpdatedTimestamp": datetime.now(UTC),
            "ResourceStatus": status,
        }
        stack.add_response(
            "describe_stack_resource",
            {"StackResourceDetail": detail},
            {"StackName": STACK, "LogicalResourceId": of},
        )


def before_the_reservation(happens: Callable[[], None]) -> None:
    """Let something happen once, just before a reservation is put over another."""
    events = session.client("ssm").meta.events

    def put(params: dict[str, Any], **_: Any) -> None:
        if params.get("Overwrite"):
            events.unregister("provide-client-params.ssm.PutParameter", put)
            happens()

    events.register("provide-client-params.ssm.PutParameter", put)


def fails(stack: Stubber, code: str, message: str, times: int = 3) -> None:
    for _ in range(times):
        stack.add_client_error("describe_stack_resource", code, message)


@pytest.mark.parametrize("status", ["DELETE_SKIPPED", "DELETE_COMPLETE"])
def test_given_a_holder_that_is_left_or_deleted_then_the_next_one_follows(
    stack: Stubber, status: str
) -> None:
    says(stack, status)
    converge(graph_of())
    assert value() == f"{STACK} MLflow"


@pytest.mark.parametrize("message", NOT_THERE)
def test_given_a_holder_that_is_not_in_its_stack_any_more_then_the_next_one_follows(
    stack: Stubber, message: str
) -> None:
    fails(stack, "ValidationError", message)
    converge(graph_of())
    assert value() == f"{STACK} MLflow"


def test_given_a_reservation_that_is_followed_then_its_tags_are_the_next_ones_alone(
    stack: Stubber,
) -> None:
    says(stack, "DELETE_SKIPPED")
    assert tags()["former"] == "yes"
    converge(graph_of())
    found = tags()
    assert found.pop(USER_KEYS_TAG)
    assert found == {
        "team": "a",
        "cfn-mlflow:owner": owner().tag,
        "cfn-mlflow:version": "0.1.0",
    }


def tells_of_a_holder(refused: Exception) -> bool:
    """Tell whether a refusal has what a made-up request would need of the holder."""
    guid = STACK.rpartition("/")[2]
    return any(secret in str(refused) for secret in (STACK[:40], guid, "Other"))


@pytest.mark.parametrize(
    "status",
    [
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
        "CREATE_FAILED",
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE",
        "UPDATE_FAILED",
        "DELETE_IN_PROGRESS",
        "DELETE_FAILED",
    ],
)
def test_given_a_holder_that_is_there_whatever_its_state_then_the_name_is_taken(
    stack: Stubber, status: str
) -> None:
    says(stack, status)
    with failing(Reason.NameTaken, match=r"'team-a' is taken by the stack team\. ") as refused:
        converge(graph_of())
    assert not tells_of_a_holder(refused.value)
    assert value() == f"{STACK} Other"


def test_holder_that_nobody_may_ask_for_is_a_failure_with_what_to_do(
    stack: Stubber,
) -> None:
    fails(stack, "AccessDenied", f"not authorized on {STACK}")
    with pytest.raises(PermanentError) as refused:
        converge(graph_of())
    assert f"delete the parameter {PATH}, then deploy again" in str(refused.value)[:REASON_BYTES]
    assert not tells_of_a_holder(refused.value)
    assert value() == f"{STACK} Other"


def test_given_a_parameter_of_somebody_elses_then_it_is_left_and_named(aws: None) -> None:
    boto("ssm").put_parameter(Name=PATH, Value="mine", Type="String")
    told = f"taken by somebody else. If that is gone, delete the parameter {PATH}"
    with failing(Reason.NameTaken, match=told):
        converge(graph_of())
    assert value() == "mine"


def test_given_cloudformation_cannot_say_now_then_the_name_is_waited_for(stack: Stubber) -> None:
    fails(stack, "Throttling", "Rate exceeded", times=1)
    says(stack, "DELETE_SKIPPED")
    convergence = Convergence(graph_of(), explain)
    assert isinstance(convergence.step(), Waiting)
    converge(graph_of())
    assert value() == f"{STACK} MLflow"


def test_holder_that_comes_between_the_look_and_the_reservation_keeps_the_name(
    stack: Stubber,
) -> None:
    says(stack, "DELETE_SKIPPED", times=2)
    says(stack, "CREATE_COMPLETE", of="Faster")
    faster = f"{STACK} Faster"

    def overtake() -> None:
        boto("ssm").put_parameter(Name=PATH, Value=faster, Type="String", Overwrite=True)

    before_the_reservation(overtake)
    with failing(Reason.NameTaken, match="is taken by the stack team"):
        converge(graph_of())
    assert value() == faster


def test_given_another_reserves_what_was_just_released_then_that_one_keeps_the_name(
    stack: Stubber,
) -> None:
    says(stack, "DELETE_SKIPPED", times=2)
    says(stack, "CREATE_COMPLETE", of="Faster")
    faster = f"{STACK} Faster"

    def reserve_anew() -> None:
        boto("ssm").delete_parameter(Name=PATH)
        boto("ssm").put_parameter(Name=PATH, Value=faster, Type="String")

    before_the_reservation(reserve_anew)
    with failing(Reason.NameTaken, match="is taken by the stack team"):
        converge(graph_of())
    assert value() == faster


def test_given_the_former_holder_comes_back_at_that_moment_then_it_keeps_the_name(
    stack: Stubber,
) -> None:
    says(stack, "DELETE_SKIPPED", times=2)
    says(stack, "CREATE_IN_PROGRESS")
    with failing(Reason.NameTaken, match="is taken by the stack team"):
        converge(graph_of())
    assert value() == f"{STACK} Other"


def test_reservation_that_cloudformation_cannot_judge_is_given_back_and_tried_again(
    stack: Stubber,
) -> None:
    says(stack, "DELETE_SKIPPED", times=2)
    fails(stack, "Throttling", "Rate exceeded", times=1)
    convergence = Convergence(graph_of(), explain)
    assert isinstance(convergence.step(), Waiting)
    assert value() == f"{STACK} Other"
    says(stack, "DELETE_SKIPPED")
    converge(graph_of())
    assert value() == f"{STACK} MLflow"


def test_given_the_function_dies_behind_any_call_then_the_next_one_ends_the_same(
    stack: Stubber,
) -> None:
    says(stack, "DELETE_SKIPPED", times=20)
    for last in range(1, 7):
        with watched(last=last), pytest.raises(Killed):
            converge(graph_of())
    converge(graph_of())
    assert value() == f"{STACK} MLflow"
    assert "former" not in tags()


def test_given_the_name_of_a_holder_that_is_gone_then_a_removal_leaves_it(stack: Stubber) -> None:
    says(stack, "DELETE_SKIPPED", times=4)
    remove(graph_of())
    assert value() == f"{STACK} Other"


def test_given_its_own_reservation_then_cloudformation_is_not_asked(stack: Stubber) -> None:
    converge(graph_of(FORMER))
    remove(graph_of(FORMER))
    assert boto("ssm").describe_parameters()["Parameters"] == []


def test_reservation_that_was_followed_is_its_holders_before_it_is_released(
    aws: None,
) -> None:
    """The function died before the tags were set: IAM lets a reservation go by its owner's tag."""
    boto("ssm").put_parameter(
        Name=PATH,
        Value=f"{STACK} MLflow",
        Type="String",
        Tags=[{"Key": "cfn-mlflow:owner", "Value": FORMER.tag}],
    )
    with watched() as calls:
        remove(graph_of())
    assert calls.writes == ["AddTagsToResource", "DeleteParameter"]


def test_given_an_own_reservation_then_its_release_is_one_call(aws: None) -> None:
    converge(graph_of())
    with watched() as calls:
        remove(graph_of())
    assert calls.writes == ["DeleteParameter"]

"""For whom a call is made: the function itself, or one stack in a session of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from cfn_mlflow.aws.core import session
from cfn_mlflow.aws.core.session import PATIENCE, PAUSE, Tenant, act_for, client, own_client
from cfn_mlflow.outcome import TemporaryError
from cfn_mlflow.reason import Reason
from tests.support.codes import failing
from tests.support.objects.service_kit import ACCOUNT, REGION

ROLE = f"arn:aws:iam::{ACCOUNT}:role/cfn-mlflow-MLflow-work-{REGION}"
A = Tenant("aaaaaaaa-2222-3333-4444-555555555555", "aaaaaaaaaa", "team-a")
B = Tenant("bbbbbbbb-2222-3333-4444-555555555555", "bbbbbbbbbb", "team-b")


@pytest.fixture(autouse=True)
def as_on_aws(aws: None, as_the_function: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Sessions as they are: what other unit tests leave out is put back."""
    monkeypatch.setattr(session._Working, "client", as_the_function)
    monkeypatch.setenv(session.ROLE_VARIABLE, ROLE)
    session.forget_clients()
    session._Now.working = None
    yield
    session.forget_clients()


class Asked:
    """What the function asks of STS, and what STS answers if it is not to give the role."""

    def __init__(self) -> None:
        self.sessions: list[dict[str, Any]] = []
        self.error: tuple[str, str] | None = None
        events = own_client("sts").meta.events
        events.register("provide-client-params.sts.AssumeRole", self._note)
        events.register("before-call.sts.AssumeRole", self._refuse)

    def _note(self, params: dict[str, Any], **_: Any) -> None:
        self.sessions.append(dict(params))

    def _refuse(self, **_: Any) -> None:
        if self.error:
            code, message = self.error
            raise ClientError({"Error": {"Code": code, "Message": message}}, "AssumeRole")


@pytest.fixture
def sts() -> Asked:
    return Asked()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(session, "now", lambda: now[0])
    return now


def who(service_client: Any) -> str:
    """Return the keys that a client signs with."""
    return str(service_client._request_signer._credentials.access_key)


def test_a_client_that_is_asked_for_before_anybody_said_for_whom_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="for which stack rds is asked"):
        client("rds")


def test_the_functions_own_clients_need_no_tenant_and_no_session(sts: Asked) -> None:
    assert who(own_client("cloudformation")) == who(own_client("lambda"))
    assert not sts.sessions


def test_a_session_carries_the_stack_its_name_and_the_digest(sts: Asked) -> None:
    act_for(A)
    client("rds")
    assert sts.sessions == [
        {
            "RoleArn": ROLE,
            "RoleSessionName": "team-a-aaaaaaaaaa",
            "Tags": [
                {"Key": "cfn-mlflow:stack", "Value": A.stack},
                {"Key": "cfn-mlflow:digest", "Value": "aaaaaaaaaa"},
                {"Key": "cfn-mlflow:stack-name", "Value": "team-a"},
            ],
        }
    ]


def test_a_session_for_no_stacks_name_still_carries_every_tag_that_a_policy_names(
    sts: Asked,
) -> None:
    act_for(Tenant(A.stack, A.digest))
    client("rds")
    [asked] = sts.sessions
    assert {"Key": "cfn-mlflow:stack-name", "Value": "-"} in asked["Tags"]


def test_calls_are_made_with_the_keys_of_the_session() -> None:
    act_for(A)
    assert client("sts").get_caller_identity()["Arn"] == (
        f"arn:aws:sts::{ACCOUNT}:assumed-role/cfn-mlflow-MLflow-work-{REGION}/team-a-aaaaaaaaaa"
    )


def test_a_request_has_one_session_however_many_services_it_asks(sts: Asked) -> None:
    act_for(A)
    assert client("rds") is client("rds")
    assert who(client("rds")) == who(client("s3"))
    assert len(sts.sessions) == 1


def test_a_warm_process_has_nothing_of_the_former_request_for_another_stack(sts: Asked) -> None:
    act_for(A)
    former = client("rds")
    act_for(B)
    assert client("rds") is not former
    assert who(client("rds")) != who(former)
    assert [one["RoleSessionName"] for one in sts.sessions] == [A.session_name, B.session_name]


def test_a_warm_process_has_a_new_session_for_the_next_request_of_the_same_stack() -> None:
    """A session lives for an hour, a warm process longer."""
    act_for(A)
    former = client("rds")
    act_for(A)
    assert who(client("rds")) != who(former)


def test_a_denial_of_the_next_session_leaves_no_client_of_the_former(sts: Asked) -> None:
    act_for(A)
    client("rds")
    sts.error = ("AccessDenied", "not authorized to perform: sts:AssumeRole")
    act_for(B)
    with pytest.raises(TemporaryError):
        client("rds")


def test_a_denial_passes_for_a_while_and_then_says_what_to_do(
    sts: Asked, clock: list[float]
) -> None:
    sts.error = ("AccessDenied", "not authorized to perform: sts:AssumeRole")
    act_for(A)
    with pytest.raises(TemporaryError, match="cannot be used yet"):
        client("rds")
    clock[0] = PATIENCE + 1
    with failing(Reason.WorkingRoleDenied, match=f"may not assume .*{ROLE}.*Update the provider"):
        client("rds")


def test_a_role_that_is_known_at_last_is_taken(sts: Asked, clock: list[float]) -> None:
    sts.error = ("AccessDenied", "not authorized to perform: sts:TagSession")
    act_for(A)
    with pytest.raises(TemporaryError):
        client("rds")
    sts.error = None
    clock[0] = PAUSE
    assert who(client("rds")) != who(own_client("rds"))


def test_the_objects_of_one_look_ask_for_a_denied_role_once(sts: Asked, clock: list[float]) -> None:
    sts.error = ("AccessDenied", "")
    act_for(A)
    for service in ("rds", "s3", "ecs"):
        with pytest.raises(TemporaryError):
            client(service)
    assert len(sts.sessions) == 1
    assert clock == [0.0]


def test_throttling_and_an_unreachable_sts_pass(sts: Asked, clock: list[float]) -> None:
    act_for(A)
    for at, code in enumerate(("Throttling", "ServiceUnavailable", "InternalFailure")):
        clock[0] = PATIENCE * (at + 1)
        sts.error = (code, "Rate exceeded")
        with pytest.raises(TemporaryError, match=code):
            client("rds")


def test_a_function_of_a_half_updated_provider_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(session.ROLE_VARIABLE)
    act_for(A)
    with failing(Reason.WorkingRoleDenied, match="half updated"):
        client("rds")


@pytest.mark.parametrize("name", ["a" * 128, "", "team"])
def test_a_sessions_name_is_one_that_sts_takes(name: str) -> None:
    tenant = Tenant(A.stack, "aaaaaaaaaa", name)
    model = boto3.client("sts", region_name=REGION).meta.service_model
    shape: Any = model.shape_for("roleSessionNameType")
    assert len(tenant.session_name) <= shape.metadata["max"]
    assert tenant.session_name.endswith("-aaaaaaaaaa")

"""The command as it is called: what it asks for, what it says when it cannot, how it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import pytest
from botocore.exceptions import (
    ClientError,
    NoCredentialsError,
    UnauthorizedSSOTokenError,
)

from cfn_mlflow_watch import __main__ as command
from cfn_mlflow_watch.account import Account
from cfn_mlflow_watch.errors import sentence
from tests.support.watch.recorded import Recorded, refusal
from tests.support.watch.stories import back, begun, made, nothing, update_rolls_back


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials, and nothing else that leads to an account."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


Show = Callable[[Callable[[Recorded], None]], None]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Show:
    """What the account shows, instead of nothing at all."""

    def show(step: Callable[[Recorded], None]) -> None:
        story = Recorded(step)
        monkeypatch.setattr(Account, "cloudformation", lambda _: story)
        monkeypatch.setattr(Account, "logs", lambda _: story)

    show(nothing)
    return show


def rolled_back(story: Recorded) -> None:
    update_rolls_back(story)
    back(story)


def complete(story: Recorded) -> None:
    begun(story)
    made(story)


@pytest.mark.parametrize(
    ("step", "status", "words"),
    [
        (complete, command.SUCCEEDED, "TrackingUri  http://tracking.example"),
        (
            rolled_back,
            command.FAILED,
            "Cause: MLflow (Custom::MLflow): [ImageNotPullable] ECS service: no such image",
        ),
    ],
)
def test_the_exit_status_is_how_the_operation_ended(
    account: Show,
    capsys: pytest.CaptureFixture[str],
    step: Callable[[Recorded], None],
    status: int,
    words: str,
) -> None:
    account(step)

    assert command.main(["tracking", "--region", "eu-west-1"]) == status
    assert words in capsys.readouterr().out


def test_given_no_such_stack_then_where_it_was_looked_for_and_status_2(
    account: Show, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["nix", "--region", "eu-west-1"]) == command.UNUSABLE

    said = capsys.readouterr()
    assert said.out == ""
    assert "There is no stack nix in eu-west-1." in said.err
    assert "--wait-for-start" in said.err


def test_given_no_credentials_then_what_to_set_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")

    assert command.main(["tracking", "--region", "eu-west-1"]) == command.UNUSABLE
    assert "There are no AWS credentials" in capsys.readouterr().err


def test_given_no_region_then_what_to_set_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["tracking"]) == command.UNUSABLE
    assert "Give --region, or set AWS_REGION" in capsys.readouterr().err


def test_aws_region_counts_as_it_does_for_the_aws_cli(
    account: Show, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-north-1")

    command.main(["nix"])

    assert "no stack nix in eu-north-1" in capsys.readouterr().err


def test_given_an_endpoint_that_nobody_serves_then_so_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    asked = ["nix", "--region", "eu-west-1", "--endpoint-url", "http://127.0.0.1:9"]

    assert command.main(asked) == command.UNUSABLE
    assert "AWS cannot be reached" in capsys.readouterr().err


@pytest.mark.parametrize("endpoint", ["127.0.0.1:4566", "localhost", "http://host:port"])
@pytest.mark.parametrize("by", ["--endpoint-url", "AWS_ENDPOINT_URL"])
def test_an_endpoint_that_is_no_url_is_named_with_one_that_is(
    endpoint: str, by: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["nix", "--region", "eu-west-1"]
    if by.startswith("--"):
        asked += [by, endpoint]
    else:
        monkeypatch.setenv(by, endpoint)

    assert command.main(asked) == command.UNUSABLE

    said = capsys.readouterr().err
    assert "An endpoint is a URL: http://127.0.0.1:4566, say." in said
    assert by in said


def test_behind_a_proxy_this_machine_is_asked_without_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:10")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    command.main(["nix", "--region", "eu-west-1", "--endpoint-url", "http://127.0.0.1:9"])

    assert "proxy" not in capsys.readouterr().err


def test_given_a_profile_that_is_not_there_then_its_name_and_status_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command.main(["nix", "--profile", "nobody"]) == command.UNUSABLE
    assert "nobody" in capsys.readouterr().err


def test_without_a_stack_it_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main([])
    assert ended.value.code == command.UNUSABLE
    assert "usage: cfn-mlflow-watch" in capsys.readouterr().err


def test_ctrl_c_leaves_without_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_watch", interrupted)

    assert command.main(["tracking"]) == command.INTERRUPTED
    said = capsys.readouterr()
    assert said.out + said.err == ""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (refusal("ExpiredToken"), "credentials have expired"),
        (UnauthorizedSSOTokenError(), "aws sso login"),
        (NoCredentialsError(), "There are no AWS credentials"),
        (refusal("InvalidClientTokenId"), "does not know the credentials"),
        (refusal("AccessDenied", message="not authorized"), "docs/watching.md"),
        (refusal("ValidationError", message="a bad name"), "a bad name"),
    ],
)
def test_every_error_ends_in_what_to_do(error: ClientError, words: str) -> None:
    assert words in sentence(error)


def test_a_reader_of_the_pipe_that_leaves_is_no_error(
    account: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    account(complete)
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as out:  # noqa: PTH123 - a descriptor, not a path
        monkeypatch.setattr(sys, "stdout", out)
        status = command.main(["tracking", "--region", "eu-west-1"])

    assert status == command.FAILED

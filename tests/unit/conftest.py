"""What all unit tests share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from botocore.model import OperationModel

from cfn_mlflow.aws.core import session
from tests.support import read_once
from tests.support.beside_moto.aurora import aurora, server
from tests.support.cloudformation.protocol_kit import answers, lines, world, written
from tests.support.objects.aws_texts import refused
from tests.support.objects.service_kit import aws, fargate, properties, vpc

__all__ = [
    "answers",
    "aurora",
    "aws",
    "fargate",
    "lines",
    "properties",
    "server",
    "vpc",
    "world",
    "written",
]

read_once.install()

_refused: list[str] = []


@pytest.fixture(scope="session", autouse=True)
def requests_judged() -> Iterator[None]:
    """Judge each request of the product by the forms that AWS documents: moto takes any text."""
    made = session._session.__wrapped__  # uncached: forget_clients clears the cache of the new one

    def judge(params: Mapping[str, Any], model: OperationModel, **_: Any) -> None:
        _refused.extend(refused(model, params))

    @cache
    def judged() -> Any:
        found = made()
        found.events.register("provide-client-params.*.*", judge)
        return found

    session.forget_clients()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(session, "_session", judged)
        yield


TENANT = session.Tenant("11111111-2222-3333-4444-555555555555", "abcdefghij", "team")
"""For whom the tests of single objects act: the owner of the kit."""


@pytest.fixture(scope="session")
def as_the_function() -> Iterator[Any]:
    """Let what acts for a stack do it as the function itself, for moto asks nobody who he is.

    tests/unit/aws/core/test_session.py tells of the sessions, and takes back what this gives.
    """
    real = session._Working.client
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(session._Working, "client", lambda _, service: session.own_client(service))
        yield real


@pytest.fixture(autouse=True)
def acting(as_the_function: None) -> None:
    """Act for a stack from the start, as every request does."""
    session.act_for(TENANT)


@pytest.fixture(autouse=True)
def nothing_that_aws_refuses(requests_judged: None) -> Iterator[None]:
    """Fail a test in which the product sent a text that AWS refuses."""
    _refused.clear()
    yield
    assert not _refused

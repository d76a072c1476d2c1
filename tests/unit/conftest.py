"""What all unit tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader, Loader
from botocore.model import OperationModel
from moto.kms import models as kms
from moto.kms.utils import generate_private_key

from cfn_mlflow.aws import session
from tests.unit.support.aws_texts import refused

# moto else makes its thousand machine images anew in each test.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"


@pytest.fixture(scope="session", autouse=True)
def read_once() -> Iterator[None]:
    """Read and make once a run what botocore and moto read and make for each client and key.

    Each test has clients of its own; EC2's service model alone takes 0.2 s.
    """
    read, listed = JSONFileLoader.load_file, Loader.list_available_services

    @cache
    def load_file(path: str) -> Any:
        return read(JSONFileLoader(), path)

    @cache
    def services(kind: str) -> Any:
        return listed(Loader(), kind)

    def list_available_services(_: Loader, type_name: str) -> Any:
        return services(type_name)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(JSONFileLoader, "load_file", lambda _, path: load_file(path))
        patched.setattr(Loader, "list_available_services", list_available_services)
        patched.setattr(kms, "generate_private_key", cache(generate_private_key))
        yield


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

    tests/unit/aws/test_session.py tells of the sessions, and takes back what this gives.
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

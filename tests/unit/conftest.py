"""What all unit tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader
from botocore.model import OperationModel

from cfn_mlflow.aws import session
from tests.unit.support.aws_texts import refused

# moto else makes its thousand machine images anew in each test.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"


@pytest.fixture(scope="session", autouse=True)
def aws_models_read_once() -> Iterator[None]:
    """Read AWS's service models once a run: each test has clients of its own, EC2's take 0.2 s."""
    read = JSONFileLoader.load_file

    @cache
    def read_once(path: str) -> Any:
        return read(JSONFileLoader(), path)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(JSONFileLoader, "load_file", lambda _, path: read_once(path))
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


@pytest.fixture(autouse=True)
def nothing_that_aws_refuses(requests_judged: None) -> Iterator[None]:
    """Fail a test in which the product sent a text that AWS refuses."""
    _refused.clear()
    yield
    assert not _refused

"""The local AWS, started once for all lifecycle tests, or for a file alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.aws import LocalAws
from tests.support.local_aws import leaks
from tests.support.local_aws.data_plane_kit import Lab
from tests.support.local_aws.probe import Probe

# AWS waits 1 and 2 minutes before the retries of an asynchronous invocation.
RETRY_SECONDS = (0.2, 0.4)


@pytest.fixture(scope="session")
def bare_aws() -> Iterator[LocalAws]:
    """A local AWS on a free port, with nothing deployed; no secret may have got out at its end."""
    with LocalAws(retry_seconds=RETRY_SECONDS) as aws:
        yield aws
        leaks.check(aws)


@pytest.fixture(scope="session")
def local_aws(bare_aws: LocalAws) -> LocalAws:
    """The same local AWS with the provider deployed by `sam deploy`."""
    bare_aws.deploy_provider()
    return bare_aws


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A local AWS of the file's own, with a network and a cluster for tasks."""
    with LocalAws() as aws:
        yield Lab(aws).furnish()


@pytest.fixture
def probe(tmp_path: Path, request: pytest.FixtureRequest) -> Probe:
    """A custom resource of the test's own, whose function does as it is told."""
    name = "".join(part for part in request.node.name if part.isalnum())
    return Probe(tmp_path, f"probe-{name[-50:]}")

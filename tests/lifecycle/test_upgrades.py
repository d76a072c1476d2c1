"""Given databases that real older MLflow releases filled, when a stack brings the newest MLflow.

All stacks go side by side: most of the time is that of MLflow starting.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cfn_mlflow import releases
from local import environments
from local.aws import LocalAws
from tests.support.local_aws.stacks import Stack
from tests.support.mlflow import old_databases, parts_stacks
from tests.support.mlflow.mlflow_stacks import Network, make_network

BEFORE = "3.16.1"
"""The newest release whose schema is not the newest's: its server runs and is upgraded in place."""
NEWEST = environments.MLFLOW_VERSION
IN_EVERY_RUN = ("1.30.1", BEFORE)
"""The oldest, and the one that is upgraded in place; the others when there is time for them.

Their databases' migrations alone are in test_migration_races.py.
"""
EVERY_RELEASE = pytest.mark.parametrize(
    "release",
    [
        pytest.param(release, marks=[] if release in IN_EVERY_RUN else [pytest.mark.long])
        for release in old_databases.RELEASES
    ],
)


@pytest.fixture(scope="module")
def network(local_aws: LocalAws) -> Network:
    return make_network(local_aws)


@pytest.fixture(scope="module")
def asked(request: pytest.FixtureRequest) -> list[str]:
    """The releases that this run of the tests asks for."""
    here = [item for item in request.session.items if item.path == request.path]
    wanted = {item.callspec.params["release"] for item in here if isinstance(item, pytest.Function)}
    return [release for release in old_databases.RELEASES if release in wanted]


@pytest.fixture(scope="module")
def stacks(local_aws: LocalAws, network: Network, asked: list[str]) -> Iterator[dict[str, Stack]]:
    """By release, a stack with its data: moved in from elsewhere, or of its running server."""
    templates = {release: parts_stacks.stores(network, name_of(release)) for release in asked}
    if BEFORE in asked:
        environments.image(BEFORE)
        templates[BEFORE] = parts_stacks.with_service(network, name_of(BEFORE), tag_of(BEFORE))
    made = {
        release: Stack.create(local_aws, name_of(release), template, wait=False)
        for release, template in templates.items()
    }
    for release, stack in made.items():
        assert stack.wait() == "CREATE_COMPLETE", stack.failures()
        if release == BEFORE:
            old_databases.fill(local_aws, stack.outputs["TrackingUri"], BEFORE)
        else:
            old_databases.load_database(local_aws, stack.outputs, release)
            old_databases.load_artifacts(local_aws, stack.outputs, release)
    yield made
    for stack in made.values():
        stack.delete(wait=False)
    for stack in made.values():
        assert stack.wait() == "DELETE_COMPLETE", stack.failures()


@pytest.fixture(scope="module")
def logged(local_aws: LocalAws, stacks: dict[str, Stack]) -> dict[str, Any]:
    """By release, all that its own client reads of its own server."""
    read = {release: old_databases.expected(release) for release in stacks if release != BEFORE}
    if BEFORE in stacks:
        running = stacks[BEFORE].outputs["TrackingUri"]
        read[BEFORE] = old_databases.read(local_aws, running, BEFORE)
    return read


@pytest.fixture(scope="module")
def upgraded(
    network: Network, stacks: dict[str, Stack], logged: dict[str, Any]
) -> dict[str, Stack]:
    """The same stacks, each updated to one with the newest MLflow."""
    assert set(logged) == set(stacks)
    for release, stack in stacks.items():
        newest = parts_stacks.with_service(network, name_of(release), tag_of(NEWEST))
        stack.update(newest, wait=False)
    for stack in stacks.values():
        assert stack.wait() == "UPDATE_COMPLETE", stack.failures()
    return stacks


@EVERY_RELEASE
def test_everything_that_an_older_release_logged_reads_back_equal_after_the_upgrade(
    local_aws: LocalAws, upgraded: dict[str, Stack], logged: dict[str, Any], release: str
) -> None:
    found = old_databases.read(local_aws, upgraded[release].outputs["TrackingUri"])
    assert list(old_databases.differences(logged[release], found)) == []


@EVERY_RELEASE
def test_the_schema_after_the_upgrade_is_what_the_newest_release_declares(
    upgraded: dict[str, Stack], release: str
) -> None:
    outputs = upgraded[release].outputs
    found = (outputs["State"], outputs["Differences"], outputs["Revision"])
    assert found == ("current", "0", releases.head_of(NEWEST))


def name_of(release: str) -> str:
    return f"upgrade-{release.replace('.', '-')}"


def tag_of(release: str) -> str:
    return f"v{release}-full"

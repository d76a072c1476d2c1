"""README and docs, typed as they stand, with version 1 and 2 of the AWS CLI: one MLflow's life.

The tests go on from one another: what a reader does first comes first.
"""

from __future__ import annotations

import json
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.aws import LocalAws
from tests.support.docs import docs_walk
from tests.support.docs.doc_commands import ROOT
from tests.support.docs.typist import Typist
from tests.support.local_aws.stacks import Stack
from tests.support.waiting import until

FORMER, NEWEST = "v3.16.1-full", "v3.17.2-full"
BOTH = pytest.mark.parametrize("version", [1, 2])


@pytest.fixture(scope="module")
def typist(local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Typist]:
    """A reader, at the end of the README: the provider is there."""
    local_aws.image(FORMER.strip("v").removesuffix("-full"))
    yield Typist(local_aws, tmp_path_factory.mktemp("reader"))
    for name in ("mlflow", "mlflow-back"):
        Stack(local_aws, name).delete()


def _write_template(typist: Typist, **properties: str) -> None:
    """Write the example as a reader does whose data matters, with more properties."""
    text = (ROOT / "examples" / "mlflow.yaml").read_text()
    lines = [line for line in text.splitlines() if "OnDelete" not in line and "Skip" not in line]
    at = next(number for number, line in enumerate(lines) if "UniqueName: !Ref" in line)
    more = [f"      {name}: {value}" for name, value in properties.items()]
    template = typist.folder / "examples" / "mlflow.yaml"
    template.write_text("\n".join([*lines[:at], *more, *lines[at:], ""]))


class Client:
    """A client of MLflow, by plain HTTP."""

    def __init__(self, aws: LocalAws, stack: str) -> None:
        self._uri = Stack(aws, stack).outputs["TrackingUri"]
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": aws.proxy}))

    def ask(self, path: str, body: bytes | None = None, method: str | None = None) -> bytes:
        """Return the answer to a request."""
        request = urllib.request.Request(  # noqa: S310 - of the test's own
            self._uri + path, body, {"Content-Type": "application/json"}, method=method
        )
        answer: bytes = self._opener.open(request, timeout=60).read()
        return answer

    def log(self) -> str:
        """Log a run with an artifact, and give its id."""
        created = self.ask("/api/2.0/mlflow/runs/create", b'{"experiment_id": "0"}')
        run: str = json.loads(created)["run"]["info"]["run_id"]
        tag = json.dumps({"run_id": run, "key": "kept", "value": "yes"}).encode()
        self.ask("/api/2.0/mlflow/runs/set-tag", tag)
        self.ask(_artifact(run), b"a model", "PUT")
        return run


def _artifact(run: str) -> str:
    return f"/api/2.0/mlflow-artifacts/artifacts/0/{run}/artifacts/model.txt"


@pytest.fixture(scope="module")
def run(local_aws: LocalAws, typist: Typist) -> str:
    """A run in the MLflow that the docs' command deploys."""
    _write_template(typist, ServiceImageTag=FORMER)
    typist.type_by_one(docs_walk.DEPLOY)
    return Client(local_aws, "mlflow").log()


@pytest.fixture(scope="module")
def outputs(local_aws: LocalAws, typist: Typist, run: str) -> dict[str, str]:
    """The attributes that the stack gives as outputs."""
    assert run
    found = Stack(local_aws, "mlflow").outputs
    cluster = found["DatabaseClusterArn"].rpartition(":")[2]
    typist.values = {"STACK": "mlflow", "NAME": "mlflow", "CLUSTER": cluster}
    return found


def _or_skip(typist: Typist, version: int) -> int:
    if version not in typist.versions:  # CI installs it; without it the run says so at its end
        pytest.skip("AWS CLI 2 is not here (Debian: apt-get install awscli): docs not typed by it")
    return version


def test_the_tutorial_ends_with_a_run_in_mlflow_that_an_update_keeps(
    local_aws: LocalAws, typist: Typist, outputs: dict[str, str]
) -> None:
    typist.values["ADDRESS"] = local_aws.browser_url(outputs["TrackingUri"])
    address = typist.type(docs_walk.FIRST_RUN).splitlines()[-1]
    typist.type_by_one(docs_walk.FIRST_UPDATE)
    assert outputs == Stack(local_aws, "mlflow").outputs
    experiment, _, logged = address.partition("#/experiments/")[2].partition("/runs/")
    found = Client(local_aws, "mlflow").ask(f"/api/2.0/mlflow/runs/get?run_id={logged}")
    run = json.loads(found)["run"]
    assert (run["info"]["experiment_id"], run["info"]["status"]) == (experiment, "FINISHED")
    assert run["data"]["params"] == [{"key": "learning_rate", "value": "0.1"}]


@BOTH
def test_the_docs_tell_what_failed_who_writes_and_which_snapshots_there_are(
    typist: Typist, outputs: dict[str, str], version: int
) -> None:
    version = _or_skip(typist, version)
    assert json.loads(typist.type(docs_walk.FAILURES, version)) == []
    assert json.loads(typist.type(docs_walk.SNAPSHOTS, version)) == []
    writers = [writer for _, writer in json.loads(typist.type(docs_walk.WRITER, version))]
    assert sorted(writers) == [False, True]
    typist.values["ARN"] = outputs["ServerSecretArn"]
    assert "webhook_key" in json.loads(typist.type(docs_walk.KEYS, version))


def test_the_sam_cli_follows_the_log_as_the_docs_show(typist: Typist, run: str) -> None:
    assert run
    typist.follow(docs_walk.LOGS_BY_SAM, 1, "database instance")


def test_version_2_follows_the_log_as_the_docs_show(typist: Typist, run: str) -> None:
    assert run
    typist.follow(docs_walk.LOGS, _or_skip(typist, 2), "database instance")


def test_an_upgrade_by_the_docs_leaves_the_runs_and_a_snapshot(
    local_aws: LocalAws, typist: Typist, run: str, outputs: dict[str, str]
) -> None:
    assert outputs
    _write_template(typist, ServiceImageTag=NEWEST)
    typist.type(docs_walk.DEPLOY, typist.versions[0])
    assert run in Client(local_aws, "mlflow").ask(f"/api/2.0/mlflow/runs/get?run_id={run}").decode()
    assert len(json.loads(typist.type_by_all(docs_walk.SNAPSHOTS))) == 1


@BOTH
def test_the_schema_is_checked_by_hand_as_the_docs_show(
    typist: Typist, outputs: dict[str, str], version: int
) -> None:
    version = _or_skip(typist, version)
    typist.values["CLUSTER_ARN"] = outputs["DatabaseClusterArn"]
    typist.values["SECRET_ARN"] = outputs["DatabaseServiceSecretArn"]
    typist.type(docs_walk.CHECK_ASKED, version)
    typist.type(docs_walk.CHECK, version)
    report = json.loads((typist.folder / "out.json").read_text())
    assert (report["state"], report["sound"]) == ("current", True)
    assert report["revision"] == report["expected"]


def test_a_rotation_by_hand_is_told_in_the_log_that_the_docs_show(
    local_aws: LocalAws, typist: Typist, outputs: dict[str, str]
) -> None:
    assert outputs
    typist.type(docs_walk.ROTATION_ASKED)
    typist.type_by_one(docs_walk.ROTATE)
    if 2 in typist.versions:
        typist.follow(docs_walk.ROTATION_LOGS, 2, "Rotated")
    until(_told(local_aws, "/aws/lambda/cfn-mlflow-Rotation", '"Rotated"'), what="the rotation")


def _told(aws: LocalAws, group: str, words: str) -> Callable[[], bool]:
    logs = aws.session().client("logs")
    return lambda: any(
        words in event["message"]
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        for event in page["events"]
    )


@BOTH
def test_the_docs_tell_who_uses_the_provider(typist: Typist, run: str, version: int) -> None:
    assert run
    version = _or_skip(typist, version)
    assert "mlflow" in json.loads(typist.type(docs_walk.IMPORTS, version))["Imports"]
    assert "/cfn-mlflow/names/mlflow" in typist.type(docs_walk.NAMES, version)


@pytest.fixture(scope="module")
def stayed(
    local_aws: LocalAws, typist: Typist, run: str, outputs: dict[str, str]
) -> dict[str, str]:
    """What a deletion by the docs left, as they show it: an ARN by its service."""
    assert run
    assert outputs
    guid = Stack(local_aws, "mlflow").id.rpartition("/")[2]
    # The tutorial's commands and those of the page on deleting; the second find nothing to do.
    for step in (docs_walk.END, docs_walk.ENDED, docs_walk.DELETE, docs_walk.DELETED):
        typist.type_by_one(step)
    found = json.loads(typist.type_by_all(docs_walk.STAYS))
    return {arn.split(":")[2]: arn for arn, left_by in found if left_by == f"{guid}/MLflow"}


def test_a_deletion_by_the_docs_leaves_what_they_say(stayed: dict[str, str]) -> None:
    assert set(stayed) == {"rds", "s3", "secretsmanager"}


@pytest.mark.long
def test_a_deleted_mlflow_is_restored_by_the_docs(
    local_aws: LocalAws, typist: Typist, run: str, stayed: dict[str, str]
) -> None:
    assert stayed["s3"] in typist.type_by_all(docs_walk.FIND)
    bucket = stayed["s3"].rpartition(":")[2]
    *_, (_, snapshot) = json.loads(typist.type_by_all(docs_walk.FIND_SNAPSHOT))
    typist.values = {
        "STACK": "mlflow-back",
        "TEMPLATE": "examples/mlflow.yaml",
        "BUCKET": bucket,
        "SNAPSHOT": snapshot,
        "OLD_KEYS": stayed["secretsmanager"],
    }
    typist.type_by_each(docs_walk.ALLOW)
    _write_template(typist, ArtifactBucketId=bucket, ArtifactBucketPath="/")
    typist.type_by_one(docs_walk.NEW_STACK)
    new = Stack(local_aws, "mlflow-back").outputs
    typist.values |= {
        "CLUSTER": new["DatabaseClusterArn"].rpartition(":")[2],
        "NEW_KEYS": new["ServerSecretArn"],
        "ECS_CLUSTER": new["ClusterId"],
        "SERVICE": new["ServiceName"],
    }
    _put_the_snapshot_in_place(typist)
    typist.type_by_all(docs_walk.OLD_KEYS)
    typist.type_by_each(docs_walk.NEW_KEYS)
    _write_template(
        typist, ArtifactBucketId=bucket, ArtifactBucketPath="/", Tags="{restored: again}"
    )
    typist.type_by_one(docs_walk.UPDATE)
    typist.type_by_each(docs_walk.RESTART)
    typist.type_by_each(docs_walk.STABLE)

    client = Client(local_aws, "mlflow-back")
    assert b'"kept"' in client.ask(f"/api/2.0/mlflow/runs/get?run_id={run}")
    assert client.ask(_artifact(run)) == b"a model"
    assert client.log() != run
    typist.values["KEYS"] = typist.values["OLD_KEYS"]
    typist.type_by_one(docs_walk.FORGET_SNAPSHOT)
    typist.type(docs_walk.FORGET_KEYS, version=1)


def _put_the_snapshot_in_place(typist: Typist) -> None:
    group, security_group = json.loads(typist.type_by_all(docs_walk.GROUPS))
    typist.values |= {"GROUP": group, "SECURITY_GROUP": security_group}
    for step in (
        docs_walk.TAGS,
        docs_walk.UNPROTECT,
        docs_walk.DELETE_INSTANCES,
        docs_walk.DELETE_CLUSTER,
        docs_walk.CLUSTER_DELETED,
        docs_walk.RESTORE,
        docs_walk.RESTORED,
    ):
        typist.type_by_one(step)


@pytest.mark.long
def test_the_provider_is_deleted_by_sam_as_the_docs_show(tmp_path: Path) -> None:
    with LocalAws() as aws:
        aws.deploy_provider()
        typist = Typist(aws, tmp_path)
        for name in ("samconfig.toml", "template.yaml"):
            shutil.copy(ROOT / name, tmp_path)
        typist.type(docs_walk.DELETE_PROVIDER, answers="y\ny\n")
        stacks: Any = aws.session().client("cloudformation").describe_stacks()["Stacks"]
        assert "cfn-mlflow" not in [stack["StackName"] for stack in stacks]

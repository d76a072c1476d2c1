"""`make demo`: from nothing to an MLflow that a client logs to, changed and removed."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from botocore.exceptions import EndpointConnectionError, HTTPClientError

from demo import evidence
from demo.deployment import Deployment, StackFailedError
from demo.report import Report
from local import environments, provider
from local.aws import DEFAULT_STATE, LocalAws, LocalAwsError

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "mlflow.yaml"
STACK = "mlflow-demo"
LOG_GROUP = "/aws/lambda/cfn-mlflow-MLflow"
RESOURCE = "MLflow"
DEMO_STATE = ROOT / ".local" / "demo"
EXPECTED = (
    evidence.NotShownError,
    StackFailedError,
    LocalAwsError,
    environments.EnvironmentFailedError,
    provider.SamFailedError,
    # The local AWS has gone in the middle.
    EndpointConnectionError,
    HTTPClientError,
)
INTERRUPTED = 130
CALLS = ROOT / ".local" / "calls.json"
CHANGED = {"ServiceCpu": "1024", "ServiceMaxCapacity": "3"}


class Demo:
    """The steps of the demo, each shown and timed."""

    def __init__(self, aws: LocalAws, report: Report) -> None:
        self.aws = aws
        self.report = report
        self.clients = functools.cache(aws.session().client)
        self.stack = Deployment(self.clients, STACK, LOG_GROUP)
        self.outputs: dict[str, str] = {}
        self.logged: dict[str, Any] = {}

    def create(self) -> None:
        """Put the provider, then the one-resource stack."""
        with self.report.step("sam build and sam deploy of the provider") as shown:
            self.aws.deploy_provider()
            shown.append("stack cfn-mlflow is complete")
        with self.report.step("one Custom::MLflow becomes an MLflow") as shown:
            self.outputs = self.stack.create(EXAMPLE.read_text(), {})
            shown.append(f"TrackingUri {self.outputs['TrackingUri']}")

    def use(self) -> None:
        """Log with a real client, then ask the database, the bucket and the schema."""
        with self.report.step("an MLflow client logs a run and registers a model") as shown:
            self.logged = json.loads(self.client("demo-experiment"))
            size = self.logged["artifact_bytes"]
            shown.append(f"run {self.logged['run_id']}, artifact of {size} bytes, read back equal")
        with self.report.step("AWS holds what the client logged") as shown:
            run = self.logged["run_id"]
            clients, outputs = self.clients, self.outputs
            shown.append(f"database: run {evidence.run_in_database(clients, outputs, run)}")
            bucket = outputs["ArtifactBucketId"]
            evidence.artifact_in_bucket(clients, bucket, run, self.logged["artifact_bytes"])
            shown.append(f"bucket {bucket}: the artifact")
            shown.append(f"schema revision {evidence.schema_revision(clients, outputs)}")

    def change(self) -> None:
        """Update the stack in place and read the first run again."""
        with self.report.step("an update in place") as shown:
            before = self.stack.resource(RESOURCE)
            outputs = self.stack.update(EXAMPLE.read_text(), CHANGED)
            _same("physical id", self.stack.resource(RESOURCE), before)
            _same("TrackingUri", outputs["TrackingUri"], self.outputs["TrackingUri"])
            _same("CPU of the tasks", self._task_cpu(outputs), CHANGED["ServiceCpu"])
            self.client("demo-experiment", json.dumps(self.logged))
            shown.append(f"{', '.join(f'{k} {v}' for k, v in CHANGED.items())}; the run is there")

    def search(self) -> None:
        """Look for a password wherever something is said or stored for people to read."""
        with self.report.step("no password anywhere") as shown:
            secrets = evidence.passwords(self.clients)
            texts = list(evidence.texts_of(self.clients, self.stack.stack_id, self.aws.state))
            places = evidence.places_with(secrets, iter(texts))
            if places or not secrets:
                raise evidence.NotShownError(f"a password stands in {', '.join(places)}")
            shown.append(f"{len(secrets)} secrets searched for in {len(texts)} texts")

    def delete(self) -> None:
        """Delete the stack and look for anything that it still owns."""
        with self.report.step("deletion") as shown:
            self.stack.delete()
            still = evidence.owned(self.clients, self.stack.stack_id)
            if still:
                raise evidence.NotShownError(f"still owned: {', '.join(still)}")
            left = evidence.left_by(self.clients, self.stack.stack_id)
            if left != [self.outputs["ServerSecretArn"]]:
                raise evidence.NotShownError(f"left is not MLflow's keys alone: {', '.join(left)}")
            shown.append("nothing of it is left but the secret with MLflow's keys, on purpose")

    def client(self, *arguments: str) -> str:
        """Run the MLflow client's program against TrackingUri; return its last line."""
        done = subprocess.run(
            [str(environments.image()), str(ROOT / "demo" / "client.py"), *arguments],
            env={
                **os.environ,
                # Its telemetry would write to the home folder, and to the internet.
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "HTTP_PROXY": self.aws.proxy,
                "MLFLOW_TRACKING_URI": self.outputs["TrackingUri"],
            },
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise evidence.NotShownError(f"the MLflow client failed:\n{done.stderr[-3000:]}")
        return (done.stdout.strip().splitlines() or [""])[-1]

    def _task_cpu(self, outputs: dict[str, str]) -> str:
        ecs = self.clients("ecs")
        cluster, service = outputs["ClusterId"], outputs["ServiceName"]
        found = ecs.describe_services(cluster=cluster, services=[service])["services"][0]
        definition = ecs.describe_task_definition(taskDefinition=found["taskDefinition"])
        return str(definition["taskDefinition"]["cpu"])


def _same(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise evidence.NotShownError(f"{what} is {found!r}, not {expected!r}")


def show(aws: LocalAws, *, keep: bool) -> None:
    """Show every step, then the table. Raises the error that says what did not hold."""
    report = Report()
    with report.step("the local AWS") as shown:
        aws.start(owned=not keep)
        shown.append(f"at {aws.endpoint}")
    demo = Demo(aws, report)
    demo.create()
    demo.use()
    demo.change()
    demo.search()
    if not keep:
        demo.delete()
    calls = [f"  {json.dumps(call)}" for call in aws.calls()]
    CALLS.write_text("[\n" + ",\n".join(calls) + "\n]\n")
    print(f"\n{report.table()}\n\nEvery AWS call, counted: {CALLS.relative_to(ROOT)}")
    if keep:
        url = aws.browser_url(demo.outputs["TrackingUri"])
        print(f"\nMLflow is at {url} for a browser on this machine.\n`make local-stop` ends it.")


def main() -> int:
    """Run the demo; exit status 0 only if everything held, 130 after Ctrl-C."""
    keep = os.environ.get("KEEP", "") not in ("", "0")
    aws = LocalAws(state=DEFAULT_STATE if keep else DEMO_STATE)
    try:
        show(aws, keep=keep)
    except EXPECTED as error:
        print(f"\nNot shown: {error}\nLogs: {aws.logs}", file=sys.stderr)
        if keep and aws.running:
            print("It still runs, to be looked into; `make local-stop` ends it.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        aws.stop()
        print("\nStopped; nothing is left running.", file=sys.stderr)
        return INTERRUPTED
    else:
        return 0
    finally:
        if not keep:
            aws.stop()


if __name__ == "__main__":
    sys.exit(main())

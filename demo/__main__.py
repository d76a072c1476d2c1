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

from demo import evidence, next_steps
from demo.deployment import Deployment, StackFailedError
from demo.report import Report
from local import env_file, environments, provider
from local.aws import DEFAULT_STATE, LocalAws, LocalAwsError
from local.launch import proxies

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "mlflow.yaml"
STACK = "mlflow-demo"
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
INTRODUCTION = """\
One MLflow from its create to its end, on this machine: no account is used, and nothing is written
outside of this folder. What is waited for is told as `make watch` tells it of any stack."""
CALLS = ROOT / ".local" / "calls.json"
CHANGED = {"ServiceCpu": "1024", "ServiceMaxCapacity": "3"}


class Demo:
    """The steps of the demo, each shown and timed."""

    def __init__(self, aws: LocalAws, report: Report) -> None:
        self.aws = aws
        self.report = report
        self.clients = functools.cache(aws.session().client)
        self.stack = Deployment(self.clients, STACK, aws.endpoint)
        self.outputs: dict[str, str] = {}
        self.logged: dict[str, Any] = {}

    def create(self) -> None:
        """Put the provider, then the one-resource stack."""
        with self.report.step(
            "cfn-mlflow is built and deployed, by sam build and sam deploy", doing="sam runs"
        ) as shown:
            self.aws.deploy_provider()
            shown.append("the stack cfn-mlflow is there: the functions that stacks will call")
        with self.report.step("a stack with one Custom::MLflow becomes an MLflow"):
            self.outputs = self.stack.create(EXAMPLE.read_text(), {})

    def use(self) -> None:
        """Log with a real client, then ask the database, the bucket and the schema."""
        with self.report.step(
            "an MLflow client logs a run and registers a model", doing="the client works"
        ) as shown:
            self.logged = json.loads(self.client("demo-experiment"))
            shown.append(f"run {self.logged['run_id']}: parameters, metrics and a model version")
            size = self.logged["artifact_bytes"]
            shown.append(f"its artifact of {size} bytes; all of it was read back equal")
        with self.report.step("the database and the bucket hold what the client logged") as shown:
            run = self.logged["run_id"]
            clients, outputs = self.clients, self.outputs
            status = evidence.run_in_database(clients, outputs, run)
            shown.append(f"the database has the run, status {status}")
            bucket = outputs["ArtifactBucketId"]
            evidence.artifact_in_bucket(clients, bucket, run, self.logged["artifact_bytes"])
            shown.append(f"the bucket {bucket} has the artifact")
            revision = evidence.schema_revision(clients, outputs)
            shown.append(f"the database's schema is at MLflow's revision {revision}")

    def change(self) -> None:
        """Update the stack in place and read the first run again."""
        changes = ", ".join(f"{name} {value}" for name, value in CHANGED.items())
        with self.report.step(f"the stack is updated in place: {changes}") as shown:
            before = self.stack.resource(RESOURCE)
            outputs = self.stack.update(EXAMPLE.read_text(), CHANGED)
            _same("physical id", self.stack.resource(RESOURCE), before)
            _same("TrackingUri", outputs["TrackingUri"], self.outputs["TrackingUri"])
            _same("CPU of the tasks", self._task_cpu(outputs), CHANGED["ServiceCpu"])
            self.client("demo-experiment", json.dumps(self.logged))
            shown.append("the tasks are new, the address is the same, and the run is still there")

    def search(self) -> None:
        """Look for a password wherever something is said or stored for people to read."""
        with self.report.step("no password stands where people read") as shown:
            secrets = evidence.passwords(self.clients)
            texts = list(evidence.texts_of(self.clients, self.stack.stack_id, self.aws.state))
            places = evidence.places_with(secrets, iter(texts))
            if places or not secrets:
                raise evidence.NotShownError(f"a password stands in {', '.join(places)}")
            shown.append(f"{len(secrets)} passwords and keys of the account were looked for in")
            shown.append(f"{len(texts)} logs, events, outputs and definitions: none stands there")

    def delete(self) -> None:
        """Delete the stack and look for anything that it still owns."""
        with self.report.step("the stack is deleted, and everything goes with it") as shown:
            self.stack.delete()
            still = evidence.owned(self.clients, self.stack.stack_id)
            if still:
                raise evidence.NotShownError(f"still owned: {', '.join(still)}")
            left = evidence.left_by(self.clients, self.stack.stack_id)
            if left != [self.outputs["ServerSecretArn"]]:
                raise evidence.NotShownError(f"left is not MLflow's keys alone: {', '.join(left)}")
            shown.append("nothing of it is left but the secret with MLflow's keys, on purpose:")
            shown.append("with a copy of the database they open what MLflow encrypted in it")

    def client(self, *arguments: str) -> str:
        """Run the MLflow client's program against TrackingUri; return its last line."""
        done = subprocess.run(
            [str(environments.image()), str(ROOT / "demo" / "client.py"), *arguments],
            env={
                # The name of a load balancer is known to this proxy alone.
                **proxies.through(self.aws.proxy, os.environ),
                # Its telemetry would write to the home folder, and to the internet.
                "MLFLOW_DISABLE_TELEMETRY": "true",
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
    report = Report(steps=7 if keep else 8)
    print(INTRODUCTION, flush=True)
    with report.step("a local AWS starts", doing="it starts") as shown:
        environments.prepare(sam=True)
        aws.start(owned=not keep)
        if keep:
            env_file.write(aws)
        shown.append(f"CloudFormation, Lambda, Aurora and the rest answer at {aws.endpoint}")
    demo = Demo(aws, report)
    demo.create()
    demo.use()
    demo.change()
    demo.search()
    if not keep:
        demo.delete()
    calls = aws.calls()
    lines = [f"  {json.dumps(call)}" for call in calls]
    CALLS.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(f"\n{report.table()}\n\n{next_steps.calls(calls, CALLS.relative_to(ROOT))}\n")
    if keep:
        url = aws.browser_url(demo.outputs["TrackingUri"])
        print(next_steps.running(url, demo.logged, STACK))
    else:
        print(next_steps.gone(STACK))


def main() -> int:
    """Run the demo; exit status 0 only if everything held, 130 after Ctrl-C."""
    keep = os.environ.get("KEEP", "") not in ("", "0")
    aws = LocalAws(state=DEFAULT_STATE if keep else DEMO_STATE)
    try:
        show(aws, keep=keep)
    except EXPECTED as error:
        runs = keep and aws.running
        print(f"\n{next_steps.failed(error, aws.logs, runs=runs)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        if aws.started_here:
            aws.stop()
            if keep:
                env_file.remove()
        print("\nStopped; nothing is left running.", file=sys.stderr)
        return INTERRUPTED
    else:
        return 0
    finally:
        if not keep and aws.started_here:
            aws.stop()


if __name__ == "__main__":
    sys.exit(main())

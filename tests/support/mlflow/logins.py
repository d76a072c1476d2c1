"""What is seen from outside of the active and the standby login."""

from __future__ import annotations

import json
from typing import Any

from local.aws import LocalAws
from tests.support.local_aws.stacks import Stack
from tests.support.mlflow.mlflow_stacks import master_of, words_of
from tests.support.waiting import until

FUNCTION = "cfn-mlflow-Rotation"
DONE = "Rotated"
LOGINS = ("mlflow_app", "mlflow_app_2")


class Logins:
    """What is seen from outside of the two logins of a stack's database."""

    def __init__(self, aws: LocalAws, stack: Stack) -> None:
        self._aws = aws
        outputs = stack.outputs
        self.cluster, self._cluster_arn = (
            outputs["DatabaseClusterId"],
            outputs["DatabaseClusterArn"],
        )
        self._ecs_cluster = outputs["ClusterId"]
        self._service = outputs["ServiceName"]
        digest = self.cluster.rsplit("-", 1)[-1]
        names = [login.replace("_", "-") for login in LOGINS]
        secrets = [self._secret(f"mlflow-{name}-{digest}") for name in names]
        self.arns: dict[str, str] = {
            login: str(found["ARN"]) for login, found in zip(LOGINS, secrets, strict=True)
        }

    def rotate(self) -> None:
        """Ask for a rotation, and wait until the log says that it is done."""
        done = self.rotations()
        self.ask()
        self.wait_for_more_than(done)

    def wait_for_more_than(self, done: int) -> None:
        """Wait until more rotations than so many are done."""
        until(
            lambda: words_of(self._aws, FUNCTION),
            lambda said: said.count(DONE) > done,
            "a rotation to be done",
            pause=0.3,
        )

    def rotate_between(self, active: str, standby: str) -> None:
        """Rotate, and see that the service moved from the active login to the standby login."""
        before = self.passwords()
        self.rotate()
        after = self.passwords()
        assert after[standby] != before[standby], "the standby login has a new password"
        assert after[active] == before[active], "the other one is left alone"
        assert self.in_service() == {standby}
        assert all(self.enters(login) for login in LOGINS)

    def ask(self) -> None:
        """Invoke the function asynchronously, as an operator does, long after the last rotation."""
        self.age_rotations()
        payload = json.dumps({"DatabaseClusterId": self.cluster}).encode()
        self._aws.session().client("lambda").invoke(
            FunctionName=FUNCTION, Qualifier="operator", InvocationType="Event", Payload=payload
        )

    def age_rotations(self) -> None:
        """Let every rotation have ended long ago: soon after one, another is too early."""
        client = self._aws.session().client("secretsmanager")
        for arn in self.arns.values():
            tags = {
                tag["Key"]: tag["Value"] for tag in client.describe_secret(SecretId=arn)["Tags"]
            }
            state = tags.get("cfn-mlflow:turn", "")
            if state.startswith("since 20"):
                aged = state.replace("since 20", "since 19", 1)
                client.tag_resource(SecretId=arn, Tags=[{"Key": "cfn-mlflow:turn", "Value": aged}])

    def rotations(self) -> int:
        """Return how many rotations have been done."""
        return words_of(self._aws, FUNCTION).count(DONE)

    def passwords(self) -> dict[str, str]:
        """Return the password of each login, as its secret has it."""
        client = self._aws.session().client("secretsmanager")
        return {
            login: json.loads(client.get_secret_value(SecretId=arn)["SecretString"])["password"]
            for login, arn in self.arns.items()
        }

    def master_password(self) -> str:
        """Return the password that RDS keeps for the master."""
        rds = self._aws.session().client("rds")
        secrets = self._aws.session().client("secretsmanager")
        [cluster] = rds.describe_db_clusters(DBClusterIdentifier=self.cluster)["DBClusters"]
        arn = cluster["MasterUserSecret"]["SecretArn"]
        text = secrets.get_secret_value(SecretId=arn)["SecretString"]
        return str(json.loads(text)["password"])

    def enters(self, login: str) -> bool:
        """Tell whether a login gets in with its own secret."""
        found = (
            self._aws.session()
            .client("rds-data")
            .execute_statement(
                resourceArn=self._cluster_arn,
                secretArn=self.arns[login],
                database="mlflow",
                sql="SELECT CAST(session_user AS text)",
            )
        )
        return bool(found["records"][0][0]["stringValue"] == login)

    def wait_until_idle(self, login: str) -> None:
        """Wait until the last session of a login has ended, but for those of the Data API."""
        ask = master_of(self._aws, self.cluster)
        here = "(SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid())"
        sessions = (
            f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{login}' "  # noqa: S608 - ours
            f"AND application_name IS DISTINCT FROM {here}"
        )
        until(lambda: ask(sessions), lambda count: count == "0", f"the sessions of {login} to end")

    def in_service(self) -> set[str]:
        """Return the logins that the running tasks of the service are started with."""
        ecs = self._aws.session().client("ecs")
        arns = ecs.list_tasks(cluster=self._ecs_cluster, serviceName=self._service)["taskArns"]
        tasks = ecs.describe_tasks(cluster=self._ecs_cluster, tasks=arns)["tasks"]
        definitions = {
            task["taskDefinitionArn"] for task in tasks if task["lastStatus"] == "RUNNING"
        }
        return {
            login
            for definition in definitions
            for login, arn in self.arns.items()
            if arn in json.dumps(self._containers(definition))
        }

    def run_by_hand(self, login: str) -> str:
        """Start one task beside the service with a login, and return the task's ARN."""
        ecs = self._aws.session().client("ecs")
        [service] = ecs.describe_services(cluster=self._ecs_cluster, services=[self._service])[
            "services"
        ]
        family = service["taskDefinition"].rsplit("/", 1)[-1].split(":")[0]
        definitions = ecs.list_task_definitions(familyPrefix=family)["taskDefinitionArns"]
        definition = next(
            one for one in definitions if self.arns[login] in json.dumps(self._containers(one))
        )
        task = ecs.run_task(
            cluster=self._ecs_cluster,
            taskDefinition=definition,
            launchType="FARGATE",
            networkConfiguration=service["networkConfiguration"],
        )["tasks"][0]["taskArn"]
        until(lambda: self._status(task), lambda status: status == "RUNNING", "the task to run")
        return str(task)

    def stop(self, task: str) -> None:
        """Stop a task and wait for its end."""
        ecs = self._aws.session().client("ecs")
        ecs.stop_task(cluster=self._ecs_cluster, task=task)
        until(lambda: self._status(task), lambda status: status == "STOPPED", "the task to stop")

    def _status(self, task: str) -> str:
        ecs = self._aws.session().client("ecs")
        found = ecs.describe_tasks(cluster=self._ecs_cluster, tasks=[task])["tasks"]
        return str(found[0]["lastStatus"]) if found else "STOPPED"

    def _containers(self, definition: str) -> Any:
        ecs = self._aws.session().client("ecs")
        found = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
        return found["containerDefinitions"]

    def _secret(self, name: str) -> Any:
        return self._aws.session().client("secretsmanager").describe_secret(SecretId=name)

"""What the tests of the local AWS's data plane share: a network, a cluster, tasks, services."""

import json
from dataclasses import dataclass, field
from typing import Any

from local.aws import LocalAws
from tests.support.waiting import until

IMAGE = "ghcr.io/mlflow/mlflow:v3.17.2-full"
LOGS = "/data-plane"
SCALING = {"MinCapacity": 0.5, "MaxCapacity": 2.0}


@dataclass
class Lab:
    """A local AWS with a network, a cluster for tasks, a log group and a role."""

    aws: LocalAws
    vpc: str = ""
    subnets: list[str] = field(default_factory=list)
    role: str = ""

    def client(self, service: str) -> Any:
        """Return a client of `service`."""
        session: Any = self.aws.session()
        return session.client(service)

    def furnish(self) -> "Lab":
        """Make the surroundings that any stack of a user's would have."""
        ec2, iam = self.client("ec2"), self.client("iam")
        self.vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            ec2.create_subnet(
                VpcId=self.vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"us-east-1{zone}"
            )["Subnet"]["SubnetId"]
            for number, zone in enumerate("ab")
        ]
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole"}
        trust["Principal"] = {"Service": "ecs-tasks.amazonaws.com"}  # type: ignore[assignment]
        self.role = iam.create_role(
            RoleName="task",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )["Role"]["Arn"]
        allow = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
        iam.put_role_policy(
            RoleName="task",
            PolicyName="objects",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
        )
        self.client("logs").create_log_group(logGroupName=LOGS)
        self.client("ecs").create_cluster(clusterName="lab")
        return self

    @property
    def network(self) -> dict[str, Any]:
        """The network configuration of a task."""
        return {"awsvpcConfiguration": {"subnets": self.subnets, "securityGroups": []}}

    def define(self, family: str, *containers: dict[str, Any]) -> str:
        """Register a task definition of `containers` (the first one's defaults filled in)."""
        options = {"awslogs-group": LOGS, "awslogs-region": "us-east-1"}
        options["awslogs-stream-prefix"] = family
        whole = [
            {
                "name": "main",
                "image": IMAGE,
                "essential": True,
                "logConfiguration": {"logDriver": "awslogs", "options": options},
                **container,
            }
            for container in containers
        ]
        arn: str = self.client("ecs").register_task_definition(
            family=family,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="512",
            memory="1024",
            executionRoleArn=self.role,
            taskRoleArn=self.role,
            containerDefinitions=whole,
        )["taskDefinition"]["taskDefinitionArn"]
        return arn

    def start(self, task_definition: str) -> str:
        """Run a task and return its ARN."""
        arn: str = self.client("ecs").run_task(
            cluster="lab",
            taskDefinition=task_definition,
            launchType="FARGATE",
            networkConfiguration=self.network,
            startedBy="the-test",
        )["tasks"][0]["taskArn"]
        return arn

    def task(self, arn: str) -> dict[str, Any]:
        """Describe a task."""
        found: dict[str, Any] = self.client("ecs").describe_tasks(cluster="lab", tasks=[arn])
        task: dict[str, Any] = found["tasks"][0]
        return task

    def run(self, task_definition: str) -> dict[str, Any]:
        """Run a task to its end and describe it."""
        arn = self.start(task_definition)
        return until(lambda: self.task(arn), lambda task: task["lastStatus"] == "STOPPED")

    def log(self, task: dict[str, Any], family: str, container: str = "main") -> list[str]:
        """Return what a container of the task has logged: all of it, once the task has stopped.

        A task may be told to have stopped before its last lines are in its log.
        """
        task_id = task["taskArn"].rsplit("/", 1)[-1]
        printed = self.aws.state / "tasks" / task_id / container / "output.log"

        def read() -> list[str]:
            events = self.client("logs").get_log_events(
                logGroupName=LOGS,
                logStreamName=f"{family}/{container}/{task_id}",
                startFromHead=True,
            )["events"]
            return [event["message"] for event in events]

        def is_whole(lines: list[str]) -> bool:
            text = printed.read_text(errors="replace")
            return task["lastStatus"] != "STOPPED" or _letters("".join(lines)) == _letters(text)

        return until(read, is_whole, f"the log of {family}")


def _letters(text: str) -> str:
    """Leave out spaces and ends of lines, which a log does not keep."""
    return "".join(text.split())


@dataclass
class Database:
    """An Aurora cluster with a writer, asked through the Data API."""

    lab: Lab
    name: str
    cluster: dict[str, Any]

    @classmethod
    def create(cls, lab: Lab, name: str, *instances: str, **options: Any) -> "Database":
        """Create the cluster and its instances; return when all are available."""
        rds = lab.client("rds")
        cluster = rds.create_db_cluster(
            **{
                "DBClusterIdentifier": name,
                "Engine": "aurora-postgresql",
                "EngineVersion": "17",
                "MasterUsername": "mlflow",
                "ManageMasterUserPassword": True,
                "DatabaseName": "mlflow",
                "EnableHttpEndpoint": True,
                "ServerlessV2ScalingConfiguration": SCALING,
                **options,
            }
        )["DBCluster"]
        database = cls(lab, name, cluster)
        database.add_instances(*instances)
        return database

    def add_instances(self, *instances: str) -> None:
        """Create the instances; return when they and the cluster are available."""
        for instance in instances:
            self.lab.client("rds").create_db_instance(
                DBInstanceIdentifier=instance,
                DBClusterIdentifier=self.name,
                Engine="aurora-postgresql",
                DBInstanceClass="db.serverless",
            )
        until(self.states, lambda states: set(states) == {"available"})

    def manage_master(self) -> None:
        """Do what a restored cluster needs: a managed master secret and the Data API."""
        rds = self.lab.client("rds")
        rds.modify_db_cluster(
            DBClusterIdentifier=self.name, ManageMasterUserPassword=True, ApplyImmediately=True
        )
        rds.enable_http_endpoint(ResourceArn=self.cluster["DBClusterArn"])
        until(self.states, lambda states: set(states) == {"available"})

    def delete(self) -> None:
        """Delete the instances and the cluster; return when they are gone."""
        rds = self.lab.client("rds")
        for member in self.describe()["DBClusterMembers"]:
            rds.delete_db_instance(DBInstanceIdentifier=member["DBInstanceIdentifier"])
        rds.delete_db_cluster(DBClusterIdentifier=self.name, SkipFinalSnapshot=True)
        until(
            lambda: [
                one["DBClusterIdentifier"] for one in rds.describe_db_clusters()["DBClusters"]
            ],
            lambda names: self.name not in names,
        )

    def states(self) -> list[str]:
        """Return the states of the cluster and of its instances."""
        self.cluster = self.describe()
        instances = self.lab.client("rds").describe_db_instances()["DBInstances"]
        mine = [one for one in instances if one["DBClusterIdentifier"] == self.name]
        return [self.cluster["Status"], *(one["DBInstanceStatus"] for one in mine)]

    def describe(self) -> dict[str, Any]:
        """Return DescribeDBClusters of it."""
        found = self.lab.client("rds").describe_db_clusters(DBClusterIdentifier=self.name)
        cluster: dict[str, Any] = found["DBClusters"][0]
        return cluster

    @property
    def secret(self) -> str:
        """The ARN of the secret that RDS manages."""
        return str(self.cluster["MasterUserSecret"]["SecretArn"])

    def ask(self, sql: str, **options: Any) -> Any:
        """Return ExecuteStatement's whole answer."""
        return self.lab.client("rds-data").execute_statement(
            **{
                "resourceArn": self.cluster["DBClusterArn"],
                "secretArn": options.pop("secret", None) or self.secret,
                "database": "mlflow",
                "sql": sql,
                **options,
            }
        )

    def rows(self, sql: str, **options: Any) -> list[list[Any]]:
        """Return the rows as plain values."""
        records = self.ask(sql, **options)["records"]
        return [[next(iter(value.values())) for value in record] for record in records]

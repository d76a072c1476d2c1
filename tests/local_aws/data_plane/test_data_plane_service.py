"""Services behind load balancers in the local AWS: real sockets, real health, real rollouts."""

import http.client
import json
import os
import socket
import subprocess
import threading
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from local import environments
from local.aws import LocalAws
from tests.support.local_aws.data_plane_kit import Database, Lab
from tests.support.waiting import until

SERVER = """
import http.server, os, sys
WORD = sys.argv[1]
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        text = {"/health": "OK", "/headers": str(self.headers)}.get(self.path, WORD).encode()
        status = 500 if WORD == "sick" and self.path == "/health" else 200
        self.answer(status, text)
    def do_PUT(self):
        size, read = int(self.headers["Content-Length"]), 0
        while read < size:
            read += len(self.rfile.read(min(65536, size - read)))
        self.answer(200, str(read).encode())
    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    def log_message(self, *arguments):
        pass
http.server.ThreadingHTTPServer(("0.0.0.0", 5000), Handler).serve_forever()
"""
BREAKER = {
    "deploymentCircuitBreaker": {"enable": True, "rollback": True},
    "minimumHealthyPercent": 100,
    "maximumPercent": 200,
}


@dataclass
class Front:
    """A load balancer with a target group and, once `listen` is called, a listener."""

    lab: Lab
    name: str
    balancer: str
    dns: str
    group: str

    @classmethod
    def create(cls, lab: Lab, name: str, scheme: str = "internal") -> "Front":
        elb = lab.client("elbv2")
        balancer = elb.create_load_balancer(Name=name, Subnets=lab.subnets, Scheme=scheme)
        made = balancer["LoadBalancers"][0]
        group = elb.create_target_group(
            Name=f"{name}-group",
            Protocol="HTTP",
            Port=5000,
            VpcId=lab.vpc,
            TargetType="ip",
            HealthCheckPath="/health",
            HealthCheckIntervalSeconds=5,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=2,
        )["TargetGroups"][0]["TargetGroupArn"]
        return cls(lab, name, made["LoadBalancerArn"], made["DNSName"], group)

    def listen(self, port: int = 80, **action: Any) -> str:
        default = action or {"Type": "forward", "TargetGroupArn": self.group}
        made = self.lab.client("elbv2").create_listener(
            LoadBalancerArn=self.balancer, Port=port, Protocol="HTTP", DefaultActions=[default]
        )
        return str(made["Listeners"][0]["ListenerArn"])

    def states(self) -> list[str]:
        found = self.lab.client("elbv2").describe_target_health(TargetGroupArn=self.group)
        return [one["TargetHealth"]["State"] for one in found["TargetHealthDescriptions"]]

    def reasons(self) -> list[str]:
        found = self.lab.client("elbv2").describe_target_health(TargetGroupArn=self.group)
        return [one["TargetHealth"]["Reason"] for one in found["TargetHealthDescriptions"]]

    def ask(
        self, path: str = "/", port: int = 80, method: str = "GET", **options: Any
    ) -> tuple[int, str]:
        """Ask by the balancer's name through the laptop's proxy; return status and body."""
        proxy = urlsplit(self.lab.aws.proxy)
        host = self.dns if port == 80 else f"{self.dns}:{port}"
        connection = http.client.HTTPConnection(str(proxy.hostname), proxy.port, timeout=60)
        try:
            connection.request(method, f"http://{host}{path}", **options)
            answer = connection.getresponse()
            where = answer.headers.get("Location", "")
            return answer.status, where or answer.read().decode()
        except OSError as error:
            return 0, repr(error)
        finally:
            connection.close()


@dataclass
class Service:
    """An ECS service of the small server."""

    front: Front
    name: str

    @classmethod
    def create(cls, front: Front, definition: str, **options: Any) -> "Service":
        front.lab.client("ecs").create_service(
            **{
                "cluster": "lab",
                "serviceName": front.name,
                "taskDefinition": definition,
                "desiredCount": 2,
                "launchType": "FARGATE",
                "networkConfiguration": front.lab.network,
                "loadBalancers": [
                    {
                        "targetGroupArn": front.group,
                        "containerName": "main",
                        "containerPort": 5000,
                    }
                ],
                "healthCheckGracePeriodSeconds": 10,
                "deploymentConfiguration": BREAKER,
                **options,
            }
        )
        return cls(front, front.name)

    def describe(self) -> dict[str, Any]:
        ecs = self.front.lab.client("ecs")
        found = ecs.describe_services(cluster="lab", services=[self.name])["services"][0]
        service: dict[str, Any] = found
        return service

    def update(self, **options: Any) -> None:
        self.front.lab.client("ecs").update_service(cluster="lab", service=self.name, **options)

    def steady(self) -> dict[str, Any]:
        return until(
            self.describe,
            lambda one: (
                len(one["deployments"]) == 1
                and one["deployments"][0]["rolloutState"] == "COMPLETED"
                and one["runningCount"] == one["desiredCount"]
            ),
            f"the service {self.name} to be steady",
        )

    def deployments(self) -> list[dict[str, Any]]:
        ecs = self.front.lab.client("ecs")
        listed = ecs.list_service_deployments(cluster="lab", service=self.name)
        arns = [one["serviceDeploymentArn"] for one in listed["serviceDeployments"]]
        found = ecs.describe_service_deployments(serviceDeploymentArns=arns)
        deployments: list[dict[str, Any]] = found["serviceDeployments"]
        return deployments


def server(lab: Lab, word: str) -> str:
    ports = [{"containerPort": 5000}]
    container = {"command": ["python", "-c", SERVER, word], "portMappings": ports}
    return lab.define(f"server-{word}", container)


def test_client_of_two_tasks_logs_by_the_balancers_name_and_all_is_there(
    lab: Lab, tmp_path: Path
) -> None:
    database = Database.create(lab, "mlflow", "mlflow-1")
    lab.client("s3").create_bucket(Bucket="artifacts")
    front = Front.create(lab, "MLflow")
    front.listen()
    environment = {
        "PGHOST": database.cluster["Endpoint"],
        "PGDATABASE": "mlflow",
        "PGSSLMODE": "require",
        "MLFLOW_BACKEND_STORE_URI": "postgresql+psycopg2://",
        "MLFLOW_HOST": "0.0.0.0",  # noqa: S104 - the task's own address here
        "MLFLOW_WORKERS": "1",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_ARTIFACTS_DESTINATION": "s3://artifacts/mlflow",
        "MLFLOW_SERVER_ALLOWED_HOSTS": f"{front.dns},{front.dns.lower()}",
    }
    secrets = {"PGUSER": "username", "PGPASSWORD": "password"}
    container = {
        "command": ["mlflow", "server"],
        "portMappings": [{"containerPort": 5000}],
        "environment": [{"name": name, "value": value} for name, value in environment.items()],
        "secrets": [
            {"name": name, "valueFrom": f"{database.secret}:{key}::"}
            for name, key in secrets.items()
        ],
    }
    migrate = {**container, "command": ["mlflow", "db", "upgrade", "postgresql+psycopg2://"]}
    assert lab.run(lab.define("migrate", migrate))["containers"][0]["exitCode"] == 0
    service = Service.create(
        front, lab.define("mlflow", container), healthCheckGracePeriodSeconds=120
    )
    assert service.describe()["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    service.steady()
    assert front.states() == ["healthy", "healthy"]

    client = (
        "import mlflow, os, sys\n"
        "mlflow.set_tracking_uri(sys.argv[1])\n"
        "mlflow.set_experiment('lab')\n"
        "open('big.bin', 'wb').write(os.urandom(8_000_000))\n"
        "with mlflow.start_run() as run:\n"
        "    mlflow.log_metric('m', 0.5)\n"
        "    mlflow.log_artifact('big.bin')\n"
        "back = mlflow.artifacts.download_artifacts(\n"
        "    run_id=run.info.run_id, artifact_path='big.bin', dst_path='back')\n"
        "assert open(back, 'rb').read() == open('big.bin', 'rb').read()\n"
        "print(mlflow.get_run(run.info.run_id).data.metrics['m'])\n"
    )
    done = subprocess.run(  # noqa: S603 - our own words
        [str(environments.image()), "-c", client, f"http://{front.dns}"],
        env={"PATH": os.defpath, "HOME": str(tmp_path), "HTTP_PROXY": lab.aws.proxy},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "0.5"
    assert database.rows("SELECT key, value FROM metrics") == [["m", 0.5]]
    objects = lab.client("s3").list_objects_v2(Bucket="artifacts")["Contents"]
    assert [one["Size"] for one in objects] == [8_000_000]
    service.update(desiredCount=0)
    until(service.describe, lambda one: one["runningCount"] == 0)


def test_given_no_listener_then_ecs_refuses_the_target_group(lab: Lab) -> None:
    front = Front.create(lab, "unheard")
    with pytest.raises(ClientError, match="does not have an associated load balancer"):
        Service.create(front, server(lab, "one"))


def test_targets_are_what_their_health_checks_say(lab: Lab) -> None:
    front = Front.create(lab, "health")
    front.listen()
    assert front.ask()[0] == 503
    service = Service.create(front, server(lab, "sick"), healthCheckGracePeriodSeconds=600)
    until(front.states, lambda states: states == ["unhealthy", "unhealthy"])
    assert front.reasons() == ["Target.ResponseCodeMismatch"] * 2
    # ECS counts the tasks, but the deployment is not done while they are unhealthy.
    assert service.describe()["runningCount"] == 2
    assert service.describe()["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    service.update(taskDefinition=server(lab, "well"))
    service.steady()
    until(front.states, lambda states: states == ["healthy", "healthy"])
    assert {front.ask()[1] for _ in range(5)} == {"well"}


def test_tasks_that_stay_unhealthy_are_replaced_and_the_breaker_opens(
    lab: Lab,
) -> None:
    front = Front.create(lab, "replaced")
    front.listen()
    service = Service.create(front, server(lab, "sick"), healthCheckGracePeriodSeconds=1)
    failed = until(service.describe, lambda one: one["deployments"][0]["rolloutState"] == "FAILED")
    assert failed["deployments"][0]["failedTasks"] >= 3
    ecs = lab.client("ecs")
    arns = ecs.list_tasks(cluster="lab", serviceName="replaced", desiredStatus="STOPPED")
    tasks = ecs.describe_tasks(cluster="lab", tasks=arns["taskArns"])["tasks"]
    reasons = {task["stoppedReason"] for task in tasks}
    assert f"Task failed ELB health checks in (target-group {front.group})" in reasons
    assert service.deployments()[0]["status"] == "STOPPED"


def test_given_a_crashing_image_then_the_service_goes_back_and_never_stops_to_answer(
    lab: Lab,
) -> None:
    front = Front.create(lab, "back")
    front.listen()
    good = server(lab, "good")
    service = Service.create(front, good)
    first = service.steady()["deployments"][0]["id"]
    answers: list[tuple[int, str]] = []
    ended = threading.Event()

    def ask_on() -> None:
        while not ended.is_set():
            answers.append(front.ask())

    asking = threading.Thread(target=ask_on)
    asking.start()
    service.update(taskDefinition=lab.define("crash", {"command": ["python", "-c", "exit(3)"]}))
    until(
        lambda: service.deployments()[0]["status"], lambda status: status == "ROLLBACK_SUCCESSFUL"
    )
    after = service.steady()
    ended.set()
    asking.join()
    assert after["taskDefinition"] == good
    assert after["deployments"][0]["id"] == first
    assert answers
    assert set(answers) == {(200, "good")}
    failed, succeeded = service.deployments()
    assert succeeded["status"] == "SUCCESSFUL"
    assert failed["deploymentCircuitBreaker"]["status"] == "TRIGGERED"
    assert failed["rollback"]["serviceRevisionArn"] == succeeded["targetServiceRevision"]["arn"]


def test_given_a_deployment_then_old_tasks_leave_without_a_failed_request(lab: Lab) -> None:
    front = Front.create(lab, "rolling")
    front.listen()
    service = Service.create(front, server(lab, "old"))
    service.steady()
    answers: list[tuple[int, str]] = []
    ended = threading.Event()

    def ask_on() -> None:
        while not ended.is_set():
            answers.append(front.ask())

    asking = threading.Thread(target=ask_on)
    asking.start()
    service.update(taskDefinition=server(lab, "new"))
    service.steady()
    until(lambda: answers[-1], lambda answer: answer == (200, "new"))
    ended.set()
    asking.join()
    assert set(answers) == {(200, "old"), (200, "new")}
    started = lab.client("ecs").list_tasks(
        cluster="lab", startedBy=service.describe()["deployments"][0]["id"]
    )
    assert len(started["taskArns"]) == 2


def test_given_a_task_is_killed_then_the_service_starts_another(lab: Lab) -> None:
    front = Front.create(lab, "heals")
    front.listen()
    service = Service.create(front, server(lab, "heals"))
    service.steady()
    ecs = lab.client("ecs")
    before = set(ecs.list_tasks(cluster="lab", serviceName="heals")["taskArns"])
    ecs.stop_task(cluster="lab", task=min(before))

    def running() -> set[str]:
        return set(ecs.list_tasks(cluster="lab", serviceName="heals")["taskArns"])

    until(running, lambda now: len(now) == 2 and now != before)
    until(front.states, lambda states: states == ["healthy", "healthy"])


def test_tasks_carry_the_tags_of_their_service_and_of_ecs(lab: Lab) -> None:
    front = Front.create(lab, "tagged")
    front.listen()
    tags = [{"key": "owner", "value": "me"}]
    Service.create(
        front,
        server(lab, "tagged"),
        desiredCount=1,
        tags=tags,
        propagateTags="SERVICE",
        enableECSManagedTags=True,
    )
    ecs = lab.client("ecs")
    [arn] = ecs.list_tasks(cluster="lab", serviceName="tagged")["taskArns"]
    found = ecs.describe_tasks(cluster="lab", tasks=[arn], include=["TAGS"])["tasks"][0]["tags"]
    assert {one["key"]: one["value"] for one in found} == {
        "owner": "me",
        "aws:ecs:clusterName": "lab",
        "aws:ecs:serviceName": "tagged",
    }


def test_a_service_is_deleted_by_way_of_draining_and_its_parts_in_order(lab: Lab) -> None:
    front = Front.create(lab, "leaves")
    front.listen()
    service = Service.create(front, server(lab, "leaves"))
    service.steady()
    ecs, elb = lab.client("ecs"), lab.client("elbv2")
    with pytest.raises(ClientError, match="scaled above 0"):
        ecs.delete_service(cluster="lab", service="leaves")
    assert ecs.delete_service(cluster="lab", service="leaves", force=True)["service"]["status"] == (
        "DRAINING"
    )
    with pytest.raises(ClientError, match="still Draining"):
        Service.create(front, server(lab, "leaves"))
    until(lambda: service.describe()["status"], lambda status: status == "INACTIVE")
    with pytest.raises(ClientError, match="ResourceInUse"):
        elb.delete_target_group(TargetGroupArn=front.group)
    protect = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    elb.modify_load_balancer_attributes(LoadBalancerArn=front.balancer, Attributes=protect)
    with pytest.raises(ClientError, match="OperationNotPermitted"):
        elb.delete_load_balancer(LoadBalancerArn=front.balancer)
    protect[0]["Value"] = "false"
    elb.modify_load_balancer_attributes(LoadBalancerArn=front.balancer, Attributes=protect)
    elb.delete_load_balancer(LoadBalancerArn=front.balancer)
    elb.delete_target_group(TargetGroupArn=front.group)
    until(lambda: front.ask()[0], lambda status: status == 403)


@pytest.fixture(scope="module")
def echo(lab: Lab) -> Front:
    """A service that tells what it was sent."""
    front = Front.create(lab, "EchoBalancer")
    front.listen()
    Service.create(front, server(lab, "echo")).steady()
    return front


def loopback_url(front: Front) -> str:
    """Return the URL that a browser on the laptop uses without a proxy."""
    names = json.loads((front.lab.aws.state / "names.json").read_text())
    place = names[front.dns.lower()]
    return f"http://{place['address']}:{place['ports']['80']}"


def test_names_keep_the_case_of_the_balancer_and_only_internal_ones_say_so(lab: Lab) -> None:
    inside = Front.create(lab, "MixedCase")
    outside = Front.create(lab, "Outside", scheme="internet-facing")
    assert inside.dns.startswith("internal-MixedCase-")
    assert inside.dns.endswith(".us-east-1.elb.amazonaws.com")
    assert outside.dns.startswith("Outside-")


def test_the_target_sees_the_name_that_the_client_used_and_where_it_came_from(
    echo: Front,
) -> None:
    headers = echo.ask("/headers", headers={"X-Forwarded-For": "1.2.3.4"})[1].lower()
    assert f"host: {echo.dns.lower()}\n" in headers
    assert "x-forwarded-for: 1.2.3.4, 127." in headers
    assert "x-forwarded-proto: http\n" in headers
    assert "x-forwarded-port: 80\n" in headers
    assert "x-amzn-trace-id: root=1-" in headers


def test_target_sees_the_balancers_name_from_a_browser_at_the_loopback_address(
    echo: Front,
) -> None:
    origin = loopback_url(echo)
    request = urllib.request.Request(f"{origin}/headers", headers={"Origin": origin})  # noqa: S310 - an address of the local AWS
    answer = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30)
    seen = answer.read().decode().replace("\r", "")
    assert f"Host: {echo.dns}\n" in seen
    assert f"Origin: http://{echo.dns.lower()}\n" in seen


def test_a_large_upload_passes_without_being_held_in_memory(echo: Front, tmp_path: Path) -> None:
    size = 300_000_000
    file = tmp_path / "large"
    with file.open("wb") as large:
        large.truncate(size)
    with file.open("rb") as large:
        length = {"Content-Length": str(size)}
        assert echo.ask("/upload", method="PUT", body=large, headers=length) == (200, str(size))
    peak = Path(f"/proc/{echo.lab.aws.pid}/status").read_text().split("VmHWM:")[1].split()[0]
    assert int(peak) < 300_000  # kB


def test_other_actions_of_a_listener(echo: Front) -> None:
    echo.listen(
        8081,
        Type="redirect",
        RedirectConfig={"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
    )
    echo.listen(
        8082,
        Type="fixed-response",
        FixedResponseConfig={"StatusCode": "418", "ContentType": "text/plain", "MessageBody": "no"},
    )
    until(lambda: echo.ask(port=8082), lambda answer: answer == (418, "no"))
    assert echo.ask("/a?b=1", port=8081) == (301, f"https://{echo.dns}:443/a?b=1")
    with pytest.raises(ClientError, match="DuplicateListener"):
        echo.listen(8082)


def test_the_proxy_leads_nowhere_else(echo: Front) -> None:
    elsewhere = Front(echo.lab, "", "", "www.example.com", "")
    status, body = elsewhere.ask()
    assert status == 403
    assert "no www.example.com" in body


def test_every_socket_of_the_local_aws_is_on_loopback(echo: Front) -> None:
    listening = [
        line.split()[1]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[9] in _inodes(echo.lab.aws)
    ]
    assert listening
    assert {socket.inet_ntoa(bytes.fromhex(one.split(":")[0])[::-1])[:4] for one in listening} == {
        "127."
    }


def _inodes(aws: LocalAws) -> set[str]:
    """Return the sockets of every process of the local AWS."""
    [(name, value)] = json.loads((aws.state / "ready.json").read_text())["mark"].items()
    mark = f"{name}={value}".encode()
    found: set[str] = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark not in (process / "environ").read_bytes() and process.name != str(aws.pid):
                continue
            links = [link.readlink() for link in (process / "fd").iterdir()]
        except OSError:
            continue
        names = [str(link) for link in links]
        found |= {name[8:-1] for name in names if name.startswith("socket:[")}
    return found

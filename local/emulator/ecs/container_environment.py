"""The variables that a container of a task sees, and its address in them."""

import re
from dataclasses import dataclass
from pathlib import Path

from local.emulator.ecs.container_plan import ContainerPlan, Surroundings

_ANY_ADDRESS = re.compile(r"(?<![\d.])0\.0\.0\.0(?![\d.])")


@dataclass(frozen=True)
class ContainerEnvironment:
    """Where one container of a task runs."""

    plan: ContainerPlan
    around: Surroundings
    address: str
    folder: Path

    def own_address(self, text: str) -> str:
        """Return `text` with the task's address where it says "any address of mine"."""
        return _ANY_ADDRESS.sub(self.address, text)

    def variables(self, programs: Path, asked: dict[str, str]) -> dict[str, str]:
        """Return the variables of ECS, of the image with `programs`, and those asked for."""
        plan = self.plan
        variables = {
            "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
            "HOSTNAME": f"ip-{self.address.replace('.', '-')}.ec2.internal",
            "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
            "AWS_REGION": plan.region,
            "AWS_DEFAULT_REGION": plan.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            # Names of load balancers have no DNS here: the proxy knows them.
            "HTTP_PROXY": self.around.proxy,
            "http_proxy": self.around.proxy,
            "NO_PROXY": f"127.0.0.1,localhost,{self.address},{self.around.addresses.own}",
            "no_proxy": f"127.0.0.1,localhost,{self.address},{self.around.addresses.own}",
        }
        variables.update({name: str(value) for name, value in asked.items()})
        for name in ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"):
            variables.pop(name, None)
        if plan.task_role:
            variables.update(
                self.around.credentials.environment(plan.task_role, plan.task_id, plan.region)
            )
        variables["AWS_ENDPOINT_URL"] = self.around.gateway
        metadata = variables.get("ECS_CONTAINER_METADATA_URI_V4", "")
        if metadata:
            path = metadata.split("/", 3)[-1]
            variables["ECS_CONTAINER_METADATA_URI_V4"] = f"{self.around.gateway}/{path}"
        if "MLFLOW_HOST" in variables:
            variables["MLFLOW_HOST"] = self.own_address(variables["MLFLOW_HOST"])
        return {**variables, **self._database_address(variables)}

    def _database_address(self, variables: dict[str, str]) -> dict[str, str]:
        # libpq connects to PGHOSTADDR and still checks the certificate against PGHOST.
        place = self.around.names.find(variables.get("PGHOST", ""))
        return {"PGHOSTADDR": place.address} if place else {}

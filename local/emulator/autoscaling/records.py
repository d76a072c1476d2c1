"""What is kept of each account and Region, and what all parts say and refuse alike."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import ecs

from local.emulator.core.own_client import own_client

SERVICE = "application-autoscaling"
Record = dict[str, Any]
TargetKey = tuple[str, str, str]


class RefusedError(Exception):
    """A refusal: the name of the exception and its text."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name
        self.text = text


@dataclass
class Region:
    """What one account has in one Region."""

    targets: dict[TargetKey, Record] = field(default_factory=dict)
    policies: dict[tuple[TargetKey, str], Record] = field(default_factory=dict)
    actions: dict[tuple[TargetKey, str], Record] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)


class Regions:
    """What all accounts have in all Regions, and clients of other services in the one asked."""

    def __init__(self, gateway: str) -> None:
        self._gateway = gateway
        self._regions: dict[tuple[str, str], Region] = {}

    @property
    def here(self) -> Region:
        """What the account of this request has in its Region."""
        return self._regions.setdefault((get_account_id(), get_region()), Region())

    def client(self, service: str) -> Any:
        """Return a client of `service` in the Region of this request."""
        return own_client(service, self._gateway, get_region())

    def forget(self) -> None:
        """Forget everything."""
        self._regions.clear()


def key_of(data: Record) -> TargetKey:
    """Return what names a target: namespace, resource, dimension."""
    return data["ServiceNamespace"], data["ResourceId"], data["ScalableDimension"]


def service_of(resource: str) -> Record:
    """Return ministack's record of the ECS service `resource`; refuses one that is not active."""
    service: Record | None = ecs._services.get(resource.removeprefix("service/"))
    if service is None or service["status"] != "ACTIVE":
        raise RefusedError("ValidationException", f"ECS service doesn't exist: {resource}")
    return service


def selected(records: Iterable[Record], data: Record, names: str, name: str) -> list[Record]:
    """Return the records that a Describe asks for, by target and by the list `names`."""
    wanted = data.get(names)
    return [
        record
        for record in records
        if all(
            data.get(part) in (None, record[part])
            for part in ("ServiceNamespace", "ResourceId", "ScalableDimension")
        )
        and (not wanted or record[name or "ResourceId"] in wanted)
    ]


def not_found(what: str, data: Record) -> RefusedError:
    """Return the refusal for what a target does not have."""
    return RefusedError(
        "ObjectNotFoundException",
        f"No {what} found for service namespace: {data['ServiceNamespace']}, resource ID: "
        f"{data['ResourceId']}, scalable dimension: {data['ScalableDimension']}",
    )


def arn_of(kind: str, name: str, service: str = SERVICE, separator: str = "/") -> str:
    """Return the ARN of a `kind` of thing in this account and Region."""
    return f"arn:aws:{service}:{get_region()}:{get_account_id()}:{kind}{separator}{name}"


def service_role() -> str:
    """Return the ARN of the role that AWS makes for the service."""
    role = "AWSServiceRoleForApplicationAutoScaling_ECSService"
    path = "aws-service-role/ecs.application-autoscaling.amazonaws.com"
    return f"arn:aws:iam::{get_account_id()}:role/{path}/{role}"

"""Custom::MLflow: the parts' properties in one, under the names of the Terraform module's inputs.

The rules are not repeated here: each part's model reads its own properties. A fault has the name
that the user wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic.fields import FieldInfo

from cfn_mlflow.reason import Reason
from cfn_mlflow.types.bucket.properties import BucketProperties
from cfn_mlflow.types.common.connections import CAP, CAPPED_UP_TO, Budget, max_connections
from cfn_mlflow.types.common.named import UNIQUE_NAME
from cfn_mlflow.types.database.properties import DatabaseProperties
from cfn_mlflow.types.mlflow.names import NAMES, joined_name
from cfn_mlflow.types.service.properties import ServiceSettings
from cfn_mlflow.types.values.base import Properties, set_ones
from cfn_mlflow.types.values.faults import Location, WrongValueError, fault_at
from cfn_mlflow.types.values.standing import may_stand

PARTS: Mapping[str, type[Properties]] = MappingProxyType(
    {
        "the service": ServiceSettings,
        "the database": DatabaseProperties,
        "the bucket": BucketProperties,
    }
)
"""The model of each part, by the part's key in the joined model.

No property has a space in its name, so these keys cannot clash with one.
"""

SUBNET_IDS = "SubnetIds"
"""The property that sets every list of subnets that is not given."""

SUBNET_LISTS = ("LoadBalancerSubnetIds", "ServiceSubnetIds", "DatabaseSubnetIds")


def joined_fields() -> dict[str, tuple[str, FieldInfo]]:
    """Return the part and the field of each property, by its name in Custom::MLflow."""
    fields: dict[str, tuple[str, FieldInfo]] = {}
    for part, model in PARTS.items():
        for field in model.model_fields.values():
            fields.setdefault(joined_name(part, str(field.alias)), (part, field))
    return fields


class MLflowProperties(Properties):
    """The bucket, the database and the service as one."""

    service_part: ServiceSettings = Field(alias="the service")
    database_part: DatabaseProperties = Field(alias="the database")
    bucket_part: BucketProperties = Field(alias="the bucket")

    def bucket(self) -> BucketProperties:
        """Return the properties of the bucket."""
        return self.bucket_part

    def database(self) -> DatabaseProperties:
        """Return the properties of the database."""
        return self.database_part

    def service(self) -> ServiceSettings:
        """Return the properties of the service, whose wiring comes from the other two parts."""
        return self.service_part

    @property
    def unique_name(self) -> str:
        """The beginning of the name of every object."""
        return self.service_part.unique_name

    @property
    def tags(self) -> Mapping[str, str]:
        """The user's tags for every object."""
        return self.service_part.tags

    @model_validator(mode="before")
    @classmethod
    def _to_parts(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        known = joined_fields().keys() | {SUBNET_IDS}
        # A property with the name of a part is unknown. It must not replace the part.
        parted: dict[str, Any] = {
            f"{name} " if name in PARTS else name: value
            for name, value in data.items()
            if name not in known
        }
        shared = {"UniqueName": UNIQUE_NAME, **_with_subnets(set_ones(data))}
        for part, names in NAMES.items():
            parted[part] = {names[key]: value for key, value in shared.items() if key in names}
        return parted

    @field_validator("database_part")
    @classmethod
    @may_stand
    def _takes_the_tasks(
        cls, database: DatabaseProperties, info: ValidationInfo
    ) -> DatabaseProperties:
        service: ServiceSettings | None = info.data.get("service_part")
        if service is None:
            return database
        most = max_connections(database.min_capacity, database.max_capacity)
        budget = Budget(service.max_capacity, service.workers, most, service.basic_auth)
        if not budget.fits:
            raise fault_at(
                ("the service", "max_capacity"),
                WrongValueError(
                    f"{budget.refusal}, at DatabaseMaxCapacity {database.max_capacity:g}: lower it"
                    f" or {{Workers}}, or raise {_what_to_raise(database)}",
                    service.max_capacity,
                    Reason.ConnectionBudgetExceeded,
                ),
            )
        return database

    @classmethod
    def property_names(cls) -> tuple[str, ...]:
        """Return the names that a user can write."""
        return (*joined_fields(), SUBNET_IDS)

    @classmethod
    def losing_data(cls) -> tuple[str, ...]:
        """Return the names of the properties by which a deletion loses data."""
        return tuple(
            joined_name(part, name) for part, model in PARTS.items() for name in model.losing_data()
        )

    @classmethod
    def located(cls, location: Location) -> tuple[Location, str, Location]:
        """Split the place of a fault into the model's part, the property and the place in it."""
        if location[1:] and location[1] in PARTS:
            location = location[1:]  # pydantic reports a fault of two parts at the second
        part = PARTS.get(str(location[0]))
        if part:
            return location[:1], part.alias_of(location[1]), location[2:]
        return super().located(location)

    @classmethod
    def written_name(cls, part: Location, name: str, written: Mapping[str, object]) -> str:
        """Return the name by which the user wrote, or would write, a part's property."""
        if not part:
            return name
        joined = joined_name(str(part[0]), name)
        given = set_ones(written).keys()
        by_shorthand = SUBNET_IDS in given or given.isdisjoint(SUBNET_LISTS)
        shortened = joined in SUBNET_LISTS and joined not in given and by_shorthand
        return SUBNET_IDS if shortened else joined


def _what_to_raise(database: DatabaseProperties) -> str:
    """Return the property that a user has to raise for more connections."""
    capped = database.min_capacity <= CAPPED_UP_TO
    alone = max_connections(database.min_capacity, database.max_capacity)
    return "DatabaseMinCapacity to 1" if capped and alone == CAP else "DatabaseMaxCapacity"


def _with_subnets(written: Mapping[str, Any]) -> dict[str, Any]:
    if SUBNET_IDS not in written:
        return dict(written)
    return dict.fromkeys(SUBNET_LISTS, written[SUBNET_IDS]) | dict(written)

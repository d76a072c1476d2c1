"""What a resource has replaced by newer objects, and wants no more."""

from __future__ import annotations

from dataclasses import dataclass

from cfn_mlflow.aws.owner import Owner
from cfn_mlflow.engine.managed import ManagedObject, View


@dataclass(frozen=True, eq=False)
class Replaced(ManagedObject[View]):
    """All objects of one kind and owner but for the one of today; they are only ever removed."""

    owner: Owner

    def create(self) -> None:
        """Never called: what is unwanted is not made."""
        raise NotImplementedError(f"{self.label} is never made")

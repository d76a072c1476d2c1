"""What a resource has replaced by newer objects, and wants no more."""

from __future__ import annotations

from dataclasses import dataclass

from cfn_mlflow.aws.owner import Owner
from cfn_mlflow.engine.managed import ManagedObject, View


@dataclass(frozen=True, eq=False)
class Replaced(ManagedObject[View]):
    """All objects of one kind and owner but for those of today; they are only ever removed.

    It stands in a graph as unwanted: so a Delete after an Update that failed finds them too.
    """

    owner: Owner

    def create(self) -> None:
        """Never called: what is unwanted is not made."""
        raise NotImplementedError(f"{self.label} is never made")

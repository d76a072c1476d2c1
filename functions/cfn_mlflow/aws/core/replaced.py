"""Older objects that a resource has replaced by newer ones."""

from __future__ import annotations

from dataclasses import dataclass

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.engine.resource import Remains, View


@dataclass(frozen=True, eq=False)
class Replaced(Remains[View]):
    """All objects of one kind and owner except the current one. They are only removed."""

    owner: Owner

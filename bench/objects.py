"""How many AWS objects one `Custom::MLflow` is made of: the size of its graph."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from local.environments import ROOT

EVENT = ROOT / "events" / "mlflow-create.json"


def count(properties: Mapping[str, Any]) -> int:
    """Return the number of objects that a request with these properties looks at."""
    sys.path.insert(0, str(ROOT / "functions"))
    boundary = "arn:aws:iam::000000000000:policy/boundary"
    os.environ.update(
        PROVIDER_NAME="cfn-mlflow", BOUNDARY_ARN=boundary, EXECUTION_BOUNDARY_ARN=boundary
    )
    from cfn_mlflow.cloudformation.event import parse  # noqa: PLC0415 - as above
    from cfn_mlflow.engine.converge import Convergence  # noqa: PLC0415 - not on the path before
    from cfn_mlflow.runtime.place import Place  # noqa: PLC0415 - as above
    from cfn_mlflow.types.mlflow.graph import MLFLOW  # noqa: PLC0415 - as above

    event = json.loads(EVENT.read_text())
    place = Place.of(event["ServiceToken"])
    request = parse({**event, "ResourceProperties": properties}, place)
    step = MLFLOW.prepare(request, request.identity)
    convergence = getattr(step, "__self__", None)
    if not isinstance(convergence, Convergence):
        raise TypeError("A Create is no Convergence any more: its objects cannot be counted.")
    return len(list(convergence._graph.all()))

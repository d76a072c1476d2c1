"""What is said of a thing that a property names, and the tags that it may have."""

from __future__ import annotations

from cfn_mlflow.aws.core.allowed import Allowed


def faults(named: Allowed) -> tuple[str, ...]:
    return tuple(cause.words for cause in named.observe().refused)


VICTIM = {"cfn-mlflow:owner": "99999999-2222-3333-4444-555555555555/MLflow"}

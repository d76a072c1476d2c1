"""The function of `Custom::MLflow`."""

from __future__ import annotations

from cfn_mlflow.aws.cloudformation import Stacks
from cfn_mlflow.aws.functions import Functions
from cfn_mlflow.protocol.serve import handler as serve
from cfn_mlflow.resources.mlflow_server import MLFLOW

handler = serve(MLFLOW, stack=Stacks(), invoke=Functions())

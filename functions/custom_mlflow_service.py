"""The function of `Custom::MLflowService`."""

from __future__ import annotations

from cfn_mlflow.aws.cloudformation.stack import Stacks
from cfn_mlflow.aws.lambda_.invoke import Functions
from cfn_mlflow.cloudformation.serve import handler as serve
from cfn_mlflow.types.service.graph import SERVICE

handler = serve(SERVICE, stack=Stacks(), invoke=Functions())

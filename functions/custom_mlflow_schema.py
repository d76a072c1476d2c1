"""The function of `Custom::MLflowSchema`."""

from __future__ import annotations

from cfn_mlflow.aws.cloudformation import Stacks
from cfn_mlflow.aws.functions import Functions
from cfn_mlflow.protocol.serve import handler as serve
from cfn_mlflow.resources.schema import SCHEMA

handler = serve(SCHEMA, stack=Stacks(), invoke=Functions())

"""The function of `Custom::MLflowDatabase`."""

from __future__ import annotations

from cfn_mlflow.aws.cloudformation import Stacks
from cfn_mlflow.aws.functions import Functions
from cfn_mlflow.protocol.serve import handler as serve
from cfn_mlflow.resources.database import DATABASE

handler = serve(DATABASE, stack=Stacks(), invoke=Functions())

"""The function of `Custom::MLflowDatabase`."""

from __future__ import annotations

from cfn_mlflow.aws.cloudformation.stack import Stacks
from cfn_mlflow.aws.lambda_.invoke import Functions
from cfn_mlflow.cloudformation.serve import handler as serve
from cfn_mlflow.types.database.graph import DATABASE

handler = serve(DATABASE, stack=Stacks(), invoke=Functions())

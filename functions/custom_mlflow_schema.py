"""The function of `Custom::MLflowSchema`, which also checks by hand and on a schedule."""

from __future__ import annotations

from cfn_mlflow.aws.cloudformation.stack import Stacks
from cfn_mlflow.aws.lambda_.invoke import Functions
from cfn_mlflow.cloudformation.serve import handler as serve
from cfn_mlflow.types.schema.by_hand import with_checks
from cfn_mlflow.types.schema.graph import SCHEMA

handler = with_checks(serve(SCHEMA, stack=Stacks(), invoke=Functions()))

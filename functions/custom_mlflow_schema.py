"""The function of `Custom::MLflowSchema`, which also checks by hand and on a schedule."""

from __future__ import annotations

from cfn_mlflow.aws.cloudformation import Stacks
from cfn_mlflow.aws.functions import Functions
from cfn_mlflow.protocol.serve import handler as serve
from cfn_mlflow.resources.schema import SCHEMA
from cfn_mlflow.resources.schema_by_hand import with_checks

handler = with_checks(serve(SCHEMA, stack=Stacks(), invoke=Functions()))

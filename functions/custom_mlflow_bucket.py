"""The function of `Custom::MLflowBucket`."""

from __future__ import annotations

from cfn_mlflow.aws.cloudformation.stack import Stacks
from cfn_mlflow.aws.lambda_.invoke import Functions
from cfn_mlflow.cloudformation.serve import handler as serve
from cfn_mlflow.types.bucket.graph import BUCKET

handler = serve(BUCKET, stack=Stacks(), invoke=Functions())

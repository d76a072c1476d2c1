"""The function of `Custom::MLflowBucket`."""

from __future__ import annotations

from cfn_mlflow.aws.cloudformation import Stacks
from cfn_mlflow.aws.functions import Functions
from cfn_mlflow.protocol.serve import handler as serve
from cfn_mlflow.resources.bucket import BUCKET

handler = serve(BUCKET, stack=Stacks(), invoke=Functions())

"""The benchmark counts the objects of a Custom::MLflow by the product's own graph."""

from __future__ import annotations

import subprocess
import sys

from local.environments import ROOT

PROGRAM = """
from bench import objects
print(objects.count({
    "ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:cfn-mlflow-MLflow",
    "VpcId": "vpc-0a1b2c3d4e5f60718",
    "SubnetIds": ["subnet-0a1b2c3d4e5f60718", "subnet-1a2b3c4d5e6f70819"],
    "LoadBalancerIngressCidrBlocks": ["10.0.0.0/8"],
}))
"""


def test_the_benchmark_counts_the_objects_of_a_whole_mlflow() -> None:
    """In a process of its own: it sets the variables of a function."""
    done = subprocess.run(  # noqa: S603 - our own interpreter, a program that stands above
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) > 50

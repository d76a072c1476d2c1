"""The properties of the network: the VPC, its subnets and who reaches the load balancer."""

from __future__ import annotations

from cfn_mlflow.types.values.base import Properties, Update, described
from cfn_mlflow.types.values.networks import (
    CidrBlocks,
    SubnetIds,
    TwoSubnetIds,
    VpcId,
)
from cfn_mlflow.types.values.rules import Boolean


class NetworkProperties(Properties):
    """The VPC, its subnets and the load balancer."""

    vpc_id: VpcId = described(
        "VpcId",
        "VPC of all that is made.",
        update=Update.REFUSED,
        example="vpc-0123456789abcdef0",
    )
    subnet_ids: SubnetIds = described(
        "SubnetIds",
        "Subnets of the tasks. From there, the image's registry and AWS must be in reach: by a NAT"
        " gateway, or by endpoints.",
        example=["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"],
    )
    load_balancer_subnet_ids: TwoSubnetIds = described(
        "LoadBalancerSubnetIds",
        "Subnets of the load balancer, in two Availability Zones or more.",
        example=["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"],
    )
    load_balancer_ingress_cidr_blocks: CidrBlocks = described(
        "LoadBalancerIngressCidrBlocks",
        "IPv4 CIDR blocks from which the load balancer can be reached. Without {BasicAuth} MLflow"
        " asks for no password: everybody in them can read and write all.",
        example=["10.0.0.0/8"],
    )
    load_balancer_is_internal: Boolean = described(
        "LoadBalancerIsInternal",
        "Whether the load balancer has private addresses only.",
        update=Update.BESIDE,
        default=True,
        example=False,
    )

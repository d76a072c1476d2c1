"""The forms of network values: VPCs, subnets, security groups, CIDR blocks and hosts."""

from __future__ import annotations

import ipaddress
from typing import Annotated

from pydantic import BeforeValidator, Field

from cfn_mlflow.types.values.faults import WrongValueError
from cfn_mlflow.types.values.lists import ListWords, read_list
from cfn_mlflow.types.values.rules import WORDS, ValueRule, read_text, text

_CIDR_BLOCK = "must be an IPv4 CIDR block such as 10.0.0.0/8, no host bits set"


def read_cidr_block(value: object) -> str:
    """Return an IPv4 block in CIDR form."""
    block = read_text(value)
    if not _is_cidr_block(block):
        raise WrongValueError(_CIDR_BLOCK, block)
    return block


def _is_cidr_block(block: str) -> bool:
    try:
        ipaddress.IPv4Network(block)
    except ValueError:
        return False
    return "/" in block


VpcId = Annotated[str, text(r"vpc-[0-9A-Za-z]+", "be a VPC's id, vpc-...")]
SubnetId = Annotated[str, text(r"subnet-[0-9A-Za-z]+", "be a subnet's id, subnet-...")]
SecurityGroupId = Annotated[str, text(r"sg-[0-9A-Za-z]+", "be a security group's id, sg-...")]
HostName = Annotated[
    str, text(r"[0-9A-Za-z]([0-9A-Za-z.-]{0,251}[0-9A-Za-z])?", "be a host name, without a port")
]
CidrBlock = Annotated[
    str,
    ValueRule(
        read_cidr_block,
        {"type": "string", "pattern": r"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$", WORDS: _CIDR_BLOCK},
    ),
]

SubnetIds = Annotated[
    tuple[SubnetId, ...], Field(min_length=1), BeforeValidator(read_list), ListWords()
]
TwoSubnetIds = Annotated[
    tuple[SubnetId, ...], Field(min_length=2), BeforeValidator(read_list), ListWords()
]
CidrBlocks = Annotated[
    tuple[CidrBlock, ...], Field(min_length=1), BeforeValidator(read_list), ListWords()
]

"""CIDR blocks, as people write them."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfn_mlflow.types.values import networks


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_given_a_network_then_its_cidr_block_is_taken_and_one_with_host_bits_is_not(
    address: ipaddress.IPv4Address, length: int
) -> None:
    network = ipaddress.IPv4Network((address, length), strict=False)
    assert networks.read_cidr_block(str(network)) == str(network)
    if network.network_address != address:
        with pytest.raises(ValueError, match="CIDR"):
            networks.read_cidr_block(f"{address}/{length}")


@pytest.mark.parametrize("value", ["10.0.0.0", "::/0", "10.0.0.0/33", "10.0.0.0/8 ", "any", 10])
def test_given_no_ipv4_block_then_it_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        networks.read_cidr_block(value)

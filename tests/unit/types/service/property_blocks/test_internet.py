"""Which CIDR blocks are the Internet."""

from __future__ import annotations

import pytest

from cfn_mlflow.types.service.property_blocks.internet import is_the_internet


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        (["0.0.0.0/0"], True),
        (["0.0.0.0/1", "128.0.0.0/1"], True),
        (["10.0.0.0/8", "64.0.0.0/7"], True),
        ([f"{first}.0.0.0/9" for first in (20, 30, 40)], True),
        (["17.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], False),
        (["17.0.0.0/8", "17.1.0.0/16"], False),
        (["203.0.113.0/24"], False),
        (["10.0.0.0/8", "100.64.0.0/10"], False),
        (["224.0.0.0/3"], False),
    ],
)
def test_given_blocks_then_the_internet_is_what_no_one_party_has(
    blocks: list[str], expected: bool
) -> None:
    assert is_the_internet(blocks) is expected

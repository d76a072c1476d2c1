from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfn_mlflow.runtime.clock import Pace, deadline, margin, signed_at
from tests.support.cloudformation.protocol_kit import SIGNED

V4 = "https://b.s3.amazonaws.com/x?X-Amz-Date=20261124T120000Z&X-Amz-Expires=7200"
V2 = f"https://b.s3.amazonaws.com/x?AWSAccessKeyId=A&Expires={int(SIGNED) + 7200}&Signature=s"


@pytest.mark.parametrize("url", [V4, V2])
def test_a_request_begins_when_its_url_was_signed(url: str) -> None:
    assert signed_at(url) == SIGNED
    assert deadline(url, SIGNED + 1000, 3600) == SIGNED + 3600 - 120


@pytest.mark.parametrize(
    "url", ["https://l/x", "https://l/x?X-Amz-Date=soon", "https://l/x?Expires=soon"]
)
def test_without_a_date_a_request_begins_when_it_is_first_seen(url: str) -> None:
    assert signed_at(url) is None
    assert deadline(url, 5000.0, 3600) == 5000 + 3480


def test_a_url_signed_in_the_future_does_not_lengthen_a_request() -> None:
    assert deadline(V4, SIGNED - 50, 3600) == SIGNED - 50 + 3480


@pytest.mark.parametrize(
    ("service_timeout", "seconds"), [(3600, 3480), (600, 480), (240, 120), (60, 30), (1, 0.5)]
)
def test_two_minutes_are_kept_for_the_answer_but_never_more_than_half(
    service_timeout: int, seconds: float
) -> None:
    assert deadline(V4, SIGNED, service_timeout) == SIGNED + seconds


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [(900, 60), (300, 60), (200, 40), (40, 8), (30, 8), (16, 8), (10, 5), (3, 1.5)],
)
def test_invocation_keeps_8_to_60_seconds_for_its_end_and_never_more_than_half(
    timeout: float, seconds: float
) -> None:
    assert margin(timeout) == seconds


@given(st.lists(st.booleans(), max_size=30))
def test_a_look_comes_2_to_10_seconds_after_the_last(changes: list[bool]) -> None:
    pace = Pace()
    for changed in changes:
        interval = pace.next(changed=changed)
        assert 2 <= interval <= 10
        assert interval == 2 or not changed

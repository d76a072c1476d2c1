"""Where a function runs, by its ARN."""

from __future__ import annotations

import pytest

from cfn_mlflow.runtime.place import Place


@pytest.mark.parametrize("qualifier", ["", ":operator", ":7"])
def test_arn_with_or_without_a_qualifier_names_partition_region_and_account(
    qualifier: str,
) -> None:
    arn = f"arn:aws-cn:lambda:cn-north-1:123456789012:function:cfn-mlflow-MLflow{qualifier}"
    assert Place.of(arn) == Place("aws-cn", "cn-north-1", "123456789012")


def test_text_that_is_no_arn_is_no_place() -> None:
    with pytest.raises(ValueError, match="not enough values"):
        Place.of("cfn-mlflow-MLflow")

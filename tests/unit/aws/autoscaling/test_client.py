"""How Application Auto Scaling calls what is scaled: by words of its own model."""

from __future__ import annotations

import pytest

from cfn_mlflow.aws.autoscaling.client import DIMENSION, NAMESPACE, autoscaling


@pytest.mark.usefixtures("aws")
def test_namespace_and_dimension_are_words_of_the_service() -> None:
    model = autoscaling().meta.service_model
    assert NAMESPACE in model.shape_for("ServiceNamespace").metadata["enum"]
    assert DIMENSION in model.shape_for("ScalableDimension").metadata["enum"]

"""What a data scientist's program does with MLflow: log, register, read all of it back.

Run by the Python of an environment that has MLflow, against MLFLOW_TRACKING_URI. Its last line is
what was logged, as JSON; it exits with an error if anything reads back otherwise.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

ARTIFACT_MEGABYTES = 5
METRIC_STEPS = 20
PARAMS = {"learning_rate": "0.01", "solver": "lbfgs"}


def main(experiment: str) -> None:
    """Log an experiment, a run, an artifact and a model; read them back; print what was logged."""
    import mlflow  # noqa: PLC0415 - only the client's environment has it

    mlflow.set_experiment(experiment)
    weights = _some_bytes()
    with mlflow.start_run(run_name="demo") as run, tempfile.TemporaryDirectory() as folder:
        mlflow.log_params(PARAMS)
        for step in range(METRIC_STEPS):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        path = Path(folder) / "weights.bin"
        path.write_bytes(weights)
        mlflow.log_artifact(str(path), "model")
        run_id, experiment_id = run.info.run_id, run.info.experiment_id
    client = mlflow.MlflowClient()
    client.create_registered_model(experiment)
    version = client.create_model_version(experiment, f"runs:/{run_id}/model", run_id)
    logged = {
        "experiment": experiment,
        "experiment_id": experiment_id,
        "run_id": run_id,
        "artifact_sha256": hashlib.sha256(weights).hexdigest(),
        "artifact_bytes": len(weights),
        "model_version": str(version.version),
    }
    read_back(mlflow, logged)
    print(json.dumps(logged))


def read_back(mlflow: Any, logged: dict[str, Any]) -> None:
    """Compare what the server gives back with what was logged. Raises AssertionError."""
    client = mlflow.MlflowClient()
    run = client.get_run(logged["run_id"])
    _same("params", run.data.params, PARAMS)
    history = client.get_metric_history(logged["run_id"], "loss")
    _same("metrics", [m.value for m in history], [1 / (s + 1) for s in range(METRIC_STEPS)])
    with tempfile.TemporaryDirectory() as folder:
        path = client.download_artifacts(logged["run_id"], "model/weights.bin", folder)
        digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    _same("artifact", digest, logged["artifact_sha256"])
    model = client.get_model_version(logged["experiment"], logged["model_version"])
    _same("model", model.run_id, logged["run_id"])
    _same("experiment", client.get_experiment(run.info.experiment_id).name, logged["experiment"])


def _some_bytes() -> bytes:
    return random.Random(20).randbytes(ARTIFACT_MEGABYTES * 1024 * 1024)  # noqa: S311 - no secret


def _same(what: str, found: object, logged: object) -> None:
    if found != logged:
        raise AssertionError(f"{what} read back as {found!r}, logged as {logged!r}")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        import mlflow as installed

        read_back(installed, json.loads(sys.argv[2]))
    else:
        main(sys.argv[1])

"""A first run: pretends to train a model, and logs what it did to MLFLOW_TRACKING_URI."""

import os

import mlflow

mlflow.set_experiment("tutorial")
with mlflow.start_run() as run:
    mlflow.log_param("learning_rate", 0.1)
    loss = 1.0
    for step in range(10):
        loss *= 0.8
        mlflow.log_metric("loss", loss, step=step)
    mlflow.log_text(f"The last loss is {loss:.3f}.\n", "notes.txt")

place = f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"
print(f"{os.environ['MLFLOW_TRACKING_URI']}/{place}")

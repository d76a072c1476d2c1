"""Fill an MLflow with something of all that its release has.

Run by the Python of an environment with that release's client, against MLFLOW_TRACKING_URI. The
oldest is MLflow 1.30 on Python 3.8: no newer syntax, and a call that came later stands behind its
release.
"""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import mlflow
from mlflow.entities import Metric, Param, RunTag

VERSION = tuple(int(part) for part in mlflow.__version__.split(".")[:2])
HAS_DATASETS = VERSION >= (2, 4)
HAS_ALIASES = VERSION >= (2, 3)
HAS_TRACES = VERSION >= (2, 14)
HAS_PROMPTS = VERSION >= (2, 21)
HAS_LOGGED_MODELS = VERSION >= (3, 0)
HAS_ASSESSMENTS = VERSION >= (3, 2)
HAS_EVALUATION_DATASETS = VERSION >= (3, 4)

BEGIN = 1_600_000_000_000
"""Milliseconds: an autumn day in 2020."""
AWKWARD = 'it\'s 100 % "quoted", \\ übung — 模型'


def main() -> None:
    """Fill it."""
    client = mlflow.tracking.MlflowClient()
    churn = client.create_experiment("churn", tags={"team": "growth", "note": AWKWARD})
    forecast = client.create_experiment(f"forecast: {AWKWARD}")
    best = fill_runs(client, churn, forecast)
    register(client, best)
    if HAS_DATASETS:
        log_datasets(client, best)
    if HAS_TRACES:
        trace(client, churn)
    if HAS_PROMPTS:
        write_prompts(client)
    if HAS_LOGGED_MODELS:
        log_models(client, churn, best)
    if HAS_EVALUATION_DATASETS:
        collect_evaluations(client, churn)
    abandoned = client.create_experiment("abandoned")
    start(client, abandoned, "of an experiment that is deleted")
    client.delete_experiment(abandoned)


def fill_runs(client: Any, churn: str, forecast: str) -> str:
    """Make runs of every kind in three experiments and return one with artifacts."""
    best = start(client, churn, "best", solver="lbfgs", awkward=AWKWARD, long="x" * 240)
    log_history(client, best, steps=60)
    log_artifacts(client, best)
    client.set_tag(best, "mlflow.note.content", AWKWARD)
    client.set_terminated(best, "FINISHED", BEGIN + 60_000)
    for number in range(3):
        child = start(client, churn, f"child {number}", depth=str(number))
        client.set_tag(child, "mlflow.parentRunId", best)
        client.log_metric(child, "loss", 1 / (number + 2), BEGIN + number, number)
        client.set_terminated(child, "FINISHED" if number else "FAILED", BEGIN + 1000)
    deleted = start(client, churn, "deleted", solver="none")
    log_history(client, deleted, steps=3)
    client.delete_run(deleted)
    running = start(client, forecast, "still running")
    log_history(client, running, steps=5)
    by_default = start(client, "0", "in the default experiment", solver="sag")
    client.set_terminated(by_default, "KILLED", BEGIN + 5)
    return best


def start(client: Any, experiment: str, name: str, **params: str) -> str:
    """Start a run with params and a tag and return its id."""
    run = client.create_run(experiment, BEGIN, {"kind": "old"}, name)
    for key, value in params.items():
        client.log_param(run.info.run_id, key, value)
    return str(run.info.run_id)


def log_history(client: Any, run_id: str, steps: int) -> None:
    """Log metrics with a history, some in a batch, with the values that databases stumble over."""
    batch = [Metric("loss", 1 / (step + 1), BEGIN + step * 1000, step) for step in range(steps)]
    client.log_batch(run_id, batch, [Param("batch/size", "32")], [RunTag("batch", "yes")])
    odd = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf"), "tiny": 5e-300}
    for key, value in odd.items():
        client.log_metric(run_id, key, value, BEGIN, 0)
    for step, value in ((-1, 0.1), (7, 0.2), (7, 0.3), (2**40, 0.4)):
        client.log_metric(run_id, "odd steps", value, BEGIN + int(value * 10), step)


def log_artifacts(client: Any, run_id: str) -> None:
    """Log small files, in folders and with awkward names."""
    bytes_of = random.Random(20)  # noqa: S311 - no secret
    files = {
        "model/MLmodel": b"artifact_path: model\nflavors: {}\n",
        "model/weights.bin": bytes(bytes_of.randrange(256) for _ in range(3000)),
        "notes.txt": AWKWARD.encode(),
        "deep/er/and/deeper.txt": b"here",
        "with space/and+plus.json": b"{}",
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        client.log_artifacts(run_id, folder)


def register(client: Any, run_id: str) -> None:
    """Register models, one with versions in every stage and one version deleted."""
    client.create_registered_model("churn", tags={"owner": "growth"}, description=AWKWARD)
    for stage in ("Archived", "Production", "Staging", "None", "None"):
        made = client.create_model_version("churn", f"runs:/{run_id}/model", run_id)
        client.transition_model_version_stage("churn", made.version, stage)
        client.set_model_version_tag("churn", made.version, "stage it was given", stage)
    client.update_model_version("churn", "2", "the one in production")
    client.delete_model_version("churn", "4")
    client.create_registered_model("never trained")
    if HAS_ALIASES:
        client.set_registered_model_alias("churn", "champion", "2")
        client.set_registered_model_alias("churn", "challenger", "3")


def log_datasets(client: Any, run_id: str) -> None:
    """Say which data a run was trained on."""
    from mlflow.entities import Dataset, DatasetInput, InputTag  # noqa: PLC0415 - came later

    client.log_inputs(
        run_id,
        [
            DatasetInput(
                Dataset(name, "0123abcd", "local", '{"uri": "/data"}', schema='{"a": "long"}'),
                [InputTag("mlflow.data.context", context)],
            )
            for name, context in (("customers", "training"), ("holdout", "evaluation"))
        ],
    )


def trace(client: Any, experiment: str) -> None:
    """Trace two requests: one with spans in spans, one that failed."""
    root = client.start_trace(
        "answer", inputs={"question": AWKWARD}, tags={"mood": "good"}, experiment_id=experiment
    )
    span = client.start_span("retrieve", root.request_id, root.span_id, inputs={"k": 3})
    inner = client.start_span("embed", root.request_id, span.span_id, "EMBEDDING", inputs=[1, 2])
    client.end_span(root.request_id, inner.span_id, [0.5, 0.25], {"model": "small"})
    client.end_span(root.request_id, span.span_id, ["a document"])
    client.end_trace(root.request_id, {"answer": 42})
    failed = client.start_trace("fail", inputs=None, experiment_id=experiment)
    client.end_trace(failed.request_id, status="ERROR")
    if hasattr(mlflow, "flush_trace_async_logging"):
        mlflow.flush_trace_async_logging()
    client.set_trace_tag(root.request_id, "reviewed", "yes")
    if HAS_ASSESSMENTS:
        mlflow.log_feedback(trace_id=root.request_id, name="helpful", value=True, rationale=AWKWARD)
        mlflow.log_expectation(trace_id=root.request_id, name="answer", value={"is": 42})


def write_prompts(client: Any) -> None:
    """Register a prompt of two versions with an alias."""
    prompts = mlflow.genai if HAS_LOGGED_MODELS else client
    prompts.register_prompt("greeting", "Hello {{name}}", commit_message="first")
    prompts.register_prompt("greeting", f"Dear {{{{name}}}}, {AWKWARD}", commit_message="politer")
    prompts.set_prompt_alias("greeting", "live", 2)


def log_models(client: Any, experiment: str, run_id: str) -> None:
    """Log models as MLflow 3 does: of their own, with params, metrics, files and a run."""
    from mlflow.entities import LoggedModelOutput  # noqa: PLC0415 - came later

    model = client.create_logged_model(
        experiment, "tree", run_id, {"kind": AWKWARD}, {"depth": "3"}, "classifier"
    )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "MLmodel").write_text("flavors: {}\n")
        client.log_model_artifacts(model.model_id, folder)
    client.finalize_logged_model(model.model_id, "READY")
    client.log_metric(run_id, "model accuracy", 0.875, BEGIN, 1, model_id=model.model_id)
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, 1)])
    pending = client.create_logged_model(experiment, "never finished")
    client.finalize_logged_model(pending.model_id, "FAILED")
    client.create_model_version("churn", f"models:/{model.model_id}", model_id=model.model_id)


def collect_evaluations(client: Any, experiment: str) -> None:
    """Make a dataset of questions and expected answers."""
    dataset = client.create_dataset("questions", experiment, {"kind": AWKWARD})
    dataset.merge_records(
        [
            {"inputs": {"question": AWKWARD}, "expectations": {"answer": "42"}},
            {"inputs": {"question": "why"}, "expectations": {"answer": "because"}},
        ]
    )


if __name__ == "__main__":
    main()

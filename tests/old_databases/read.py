"""Read all of an MLflow through its client, in one form for every release.

Run by the Python of an environment with MLflow, against MLFLOW_TRACKING_URI; writes JSON into the
file that it is given. What the release knows nothing of is left out. The oldest is MLflow 1.30 on
Python 3.8: no newer syntax.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
from mlflow.entities import ViewType

VERSION = tuple(int(part) for part in mlflow.__version__.split(".")[:2])
HAS_DATASETS = VERSION >= (2, 4)
HAS_ALIASES = VERSION >= (2, 3)
HAS_TRACES = VERSION >= (2, 14)
HAS_PROMPTS = VERSION >= (2, 21)
HAS_LOGGED_MODELS = VERSION >= (3, 0)
HAS_ASSESSMENTS = VERSION >= (3, 2)
HAS_EVALUATION_DATASETS = VERSION >= (3, 4)

IS_PROMPT = "tags.`mlflow.prompt.is_prompt` = 'true'"

Json = Any


def main(target: str) -> None:
    """Read everything and write it."""
    found = read(mlflow.tracking.MlflowClient())
    text = json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False)
    Path(target).write_text(text + "\n", encoding="utf-8")


def read(client: Any) -> dict[str, Json]:
    """Return all that the release's client gives, by kind and then by id."""
    experiments = client.search_experiments(view_type=ViewType.ALL)
    ids = [experiment.experiment_id for experiment in experiments]
    runs = [run for one in ids for run in client.search_runs([one], run_view_type=ViewType.ALL)]
    found = {
        "experiments": {one.experiment_id: experiment_of(one) for one in experiments},
        "runs": {run.info.run_id: run_of(client, run) for run in runs},
        "registered models": {
            model.name: registered_model_of(client, model)
            for model in client.search_registered_models()
        },
    }
    if HAS_TRACES:
        found["traces"] = {one.info.request_id: trace_of(one) for one in traces_in(client, ids)}
    if HAS_PROMPTS:
        found["prompts"] = {one.name: prompt_of(client, one) for one in prompts_in(client)}
    if HAS_LOGGED_MODELS:
        models = client.search_logged_models(ids)
        found["logged models"] = {one.model_id: logged_model_of(client, one) for one in models}
    if HAS_EVALUATION_DATASETS:
        datasets = client.search_datasets()
        found["evaluation datasets"] = {one.dataset_id: evaluations_of(one) for one in datasets}
    return found


def experiment_of(experiment: Any) -> Json:
    """Return an experiment."""
    return {
        "name": experiment.name,
        "artifact location": experiment.artifact_location,
        "stage": experiment.lifecycle_stage,
        "tags": dict(experiment.tags),
    }


def run_of(client: Any, run: Any) -> Json:
    """Return a run with the whole history of each metric and the digest of each artifact."""
    if HAS_LOGGED_MODELS:
        run = client.get_run(run.info.run_id)  # of 3.1, a search tells no models
    info, data = run.info, run.data
    found = {
        "experiment": info.experiment_id,
        "user": info.user_id,
        "status": info.status,
        "start": info.start_time,
        "end": info.end_time,
        "artifact uri": info.artifact_uri,
        "stage": info.lifecycle_stage,
        "params": dict(data.params),
        "tags": dict(data.tags),
        "last metrics": {key: repr(value) for key, value in data.metrics.items()},
        "metrics": {key: history(client, info.run_id, key) for key in data.metrics},
        "artifacts": artifacts_of(client, info.run_id),
    }
    if HAS_DATASETS:
        found["datasets"] = sorted(dataset_of(one) for one in run.inputs.dataset_inputs)
    if HAS_LOGGED_MODELS:
        found["models out"] = [[one.model_id, one.step] for one in run.outputs.model_outputs]
    return found


def history(client: Any, run_id: str, key: str) -> Json:
    """Return value, time and step of each point; a value as Python writes it, for NaN's sake."""
    points = client.get_metric_history(run_id, key)
    return sorted([point.timestamp, point.step, repr(point.value)] for point in points)


def artifacts_of(client: Any, run_id: str) -> Json:
    """Return the SHA-256 of each of a run's artifacts by its path."""
    with tempfile.TemporaryDirectory() as folder:
        return {
            path: digest(client.download_artifacts(run_id, path, folder))
            for path in sorted(files(lambda under: client.list_artifacts(run_id, under), None))
        }


def files(listed: Any, under: Any) -> Iterator[str]:
    """Yield the path of every file."""
    for one in listed(under):
        if one.is_dir:
            yield from files(listed, one.path)
        else:
            yield one.path


def digest(path: str) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def dataset_of(used: Any) -> Json:
    """Return a dataset that a run used."""
    one = used.dataset
    tags = sorted([tag.key, tag.value] for tag in used.tags)
    return [one.name, one.digest, one.source_type, one.source, one.schema, tags]


def registered_model_of(client: Any, model: Any) -> Json:
    """Return a registered model with its versions."""
    versions = client.search_model_versions(f"name = '{model.name}'")
    found = {
        "description": model.description or "",
        "created": model.creation_timestamp,
        "tags": dict(model.tags),
        "versions": {str(one.version): version_of(client, one) for one in versions},
    }
    if HAS_ALIASES:
        found["aliases"] = {alias: str(number) for alias, number in model.aliases.items()}
    return found


def version_of(client: Any, version: Any) -> Json:
    """Return a version of a registered model."""
    return {
        "created": version.creation_timestamp,
        "updated": version.last_updated_timestamp,
        "description": version.description or "",
        "user": version.user_id,
        "stage": version.current_stage,
        "source": version.source,
        "download": client.get_model_version_download_uri(version.name, version.version),
        "run": version.run_id,
        "status": version.status,
        "tags": dict(version.tags),
    }


def traces_in(client: Any, experiment_ids: list[str]) -> Any:
    """Return all traces of experiments that are not deleted."""
    live = [one for one in experiment_ids if client.get_experiment(one).lifecycle_stage == "active"]
    return [trace for one in live for trace in client.search_traces(experiment_ids=[one])]


def trace_of(trace: Any) -> Json:
    """Return a trace with its spans."""
    info = trace.info
    names = {span.span_id: span.name for span in trace.data.spans}
    found = {
        "experiment": info.experiment_id,
        "time": info.timestamp_ms,
        "milliseconds": info.execution_time_ms,
        "status": str(getattr(info.status, "value", info.status)),
        "metadata": dict(info.request_metadata),
        "tags": dict(info.tags),
        "spans": [span_of(span, names) for span in trace.data.spans],
    }
    if HAS_ASSESSMENTS:
        found["assessments"] = sorted(
            [one.name, repr(one.value), one.rationale or "", one.source.source_type]
            for one in info.assessments
        )
    return found


def span_of(span: Any, names: dict[str, str]) -> Json:
    """Return a span; the one that it is part of by its name."""
    return {
        "name": span.name,
        "parent": names.get(span.parent_id),
        "start": span.start_time_ns,
        "end": span.end_time_ns,
        "status": str(getattr(span.status.status_code, "value", span.status.status_code)),
        "attributes": dict(span.attributes),
    }


def prompts_in(client: Any) -> Any:
    """Return all prompts: registered models that a tag marks."""
    return client.search_registered_models(filter_string=IS_PROMPT)


def prompt_of(client: Any, model: Any) -> Json:
    """Return the template of each version of a prompt, and its aliases."""
    prompts = mlflow.genai if HAS_LOGGED_MODELS else client
    versions = client.search_model_versions(f"name = '{model.name}' AND {IS_PROMPT}")
    numbers = sorted(int(one.version) for one in versions)
    return {
        "templates": {str(n): prompts.load_prompt(model.name, version=n).template for n in numbers},
        "aliases": {alias: str(number) for alias, number in model.aliases.items()},
    }


def logged_model_of(client: Any, model: Any) -> Json:
    """Return a logged model."""
    one = client.get_logged_model(model.model_id)
    paths = files(lambda under: client.list_logged_model_artifacts(one.model_id, under), None)
    return {
        "experiment": one.experiment_id,
        "name": one.name,
        "artifact location": one.artifact_location,
        "created": one.creation_timestamp,
        "status": str(one.status),
        "type": one.model_type,
        "run": one.source_run_id,
        "params": dict(one.params),
        "tags": dict(one.tags),
        "metrics": sorted([m.key, m.timestamp, m.step, repr(m.value)] for m in one.metrics or []),
        "artifacts": {path: digest_at(f"{one.artifact_location}/{path}") for path in paths},
    }


def digest_at(uri: str) -> str:
    """Return the SHA-256 of an artifact."""
    with tempfile.TemporaryDirectory() as folder:
        return digest(mlflow.artifacts.download_artifacts(uri, dst_path=folder))


def evaluations_of(dataset: Any) -> Json:
    """Return an evaluation dataset with its records."""
    records = dataset.to_df().to_dict("records")
    return {
        "name": dataset.name,
        "experiments": sorted(dataset.experiment_ids),
        "tags": dict(dataset.tags),
        "records": sorted([repr(one["inputs"]), repr(one["expectations"])] for one in records),
    }


if __name__ == "__main__":
    main(sys.argv[1])

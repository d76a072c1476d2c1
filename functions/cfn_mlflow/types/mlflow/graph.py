"""Custom::MLflow: the graph that joins the bucket, the database and the service."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.types.bucket.graph import BucketParts, bucket, complete_bucket
from cfn_mlflow.types.common.connections import max_connections
from cfn_mlflow.types.common.name_reservation import reserve_name
from cfn_mlflow.types.common.type_handler import resource_type
from cfn_mlflow.types.database.graph import DatabaseParts, complete_database, database
from cfn_mlflow.types.mlflow.attributes import MLflowAttributes
from cfn_mlflow.types.mlflow.names import joined_name
from cfn_mlflow.types.mlflow.properties import MLflowProperties
from cfn_mlflow.types.service.graph import ServiceParts, complete_service, service
from cfn_mlflow.types.service.wiring import Wiring


def _graph(owner: Owner, asked: MLflowProperties) -> Graph:
    graph = Graph()
    reserve_name(graph, owner)
    artifacts = bucket(graph, _as_written(owner, "the bucket"), asked.bucket())
    store = database(graph, _as_written(owner, "the database"), asked.database())
    wiring = _wiring(asked, artifacts, store)
    server = service(graph, _as_written(owner, "the service"), asked.service(), wiring)
    complete_bucket(graph, owner, artifacts)
    complete_database(graph, owner, store)
    complete_service(graph, server)
    graph.give(_attributes(artifacts, store, server))
    return graph


def _as_written(owner: Owner, part: str) -> Owner:
    """Return the owner that names a part's properties as the user of Custom::MLflow does."""
    return replace(owner, spelled=partial(joined_name, part))


def _wiring(asked: MLflowProperties, artifacts: BucketParts, store: DatabaseParts) -> Wiring:
    return Wiring(
        database_endpoint=store.endpoint,
        database_port=store.port,
        database_name=store.database_name,
        service_secret_arn=store.service_secret_arn,
        migration_secret_arn=store.migration_secret_arn,
        login_secret_arns=store.login_secret_arns,
        client_security_group_id=store.client_security_group_id,
        cluster_arn=store.cluster_arn,
        max_connections=store.max_connections,
        asked_connections=max_connections(
            asked.database().min_capacity, asked.database().max_capacity
        ),
        bucket_id=artifacts.bucket_id,
        path=artifacts.path,
        key_arn=artifacts.encryption_key_arn,
        secrets_key_arn=asked.database().kms_key_arn or "",
    )


def _attributes(
    artifacts: BucketParts, store: DatabaseParts, server: ServiceParts
) -> dict[str, object]:
    """Return the attributes of the parts, by the names of the Terraform module's outputs."""
    known = {
        **{f"database_{name}": value for name, value in vars(store).items()},
        "database_name": store.database_name,
        "artifact_bucket_id": artifacts.bucket_id,
        **{f"service_{name}": value for name, value in server.attributes.items()},
        **server.attributes,
    }
    fields = MLflowAttributes.model_fields.items()
    return {str(field.alias): known[name] for name, field in fields}


MLFLOW = resource_type("Custom::MLflow", MLflowProperties, _graph)

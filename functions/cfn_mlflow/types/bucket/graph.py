"""Custom::MLflowBucket: the graph of the bucket for artifacts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from cfn_mlflow.aws.core.owner import Owner
from cfn_mlflow.aws.kms.key import AllowedKey
from cfn_mlflow.aws.s3.bucket import AllowedBucketInstead, Bucket, CompleteBucket
from cfn_mlflow.aws.s3.bucket_policy import BucketPolicy
from cfn_mlflow.aws.s3.bucket_settings import (
    Encryption,
    Lifecycle,
    OwnershipControls,
    PublicAccessBlock,
    Versioning,
)
from cfn_mlflow.engine.graph import Graph
from cfn_mlflow.engine.output import Output, Value, output_of
from cfn_mlflow.engine.resource import Observed
from cfn_mlflow.types.bucket.attributes import BucketAttributes
from cfn_mlflow.types.bucket.properties import BucketProperties
from cfn_mlflow.types.common.name_reservation import reserve_name
from cfn_mlflow.types.common.type_handler import resource_type


@dataclass(frozen=True)
class BucketParts:
    """The values of the bucket that other parts need. The outputs wait for all its settings."""

    bucket_id: Value[str]
    bucket_arn: Output[str]
    path: str
    artifacts_destination: Output[str]
    encryption_key_arn: str
    made: bool
    """Whether the provider made the bucket; False for a bucket of the user's own."""


def bucket(graph: Graph, owner: Owner, properties: BucketProperties) -> BucketParts:
    """Add the bucket to the graph: one that the provider makes, or the user's own."""
    key = properties.encryption_key_arn
    if key:
        graph.add(AllowedKey(owner, owner.spelled("EncryptionKeyArn"), key))
    sharing = replace(owner, shared_with=properties.shared_with_stacks)
    own = Bucket(sharing, properties.empty_on_delete)
    if properties.bucket_id:
        graph.add(AllowedBucketInstead(owner, owner.spelled("BucketId"), properties.bucket_id, own))
        graph.without(own)
        return _parts(owner, properties, properties.bucket_id)
    graph.add(own)
    settings = tuple(graph.add(setting) for setting in _settings(owner, own, properties))
    name = own.output(lambda view: view.name).after(*settings)
    return _parts(owner, properties, name)


def complete_bucket(graph: Graph, owner: Owner, parts: BucketParts) -> None:
    """Add the step that marks a bucket of the provider as complete, after all other objects.

    A deletion keeps the artifacts in a complete bucket.
    """
    if parts.made:
        graph.add(CompleteBucket(owner, parts.bucket_id), after=tuple(graph.wanted))


def _settings(owner: Owner, own: Bucket, properties: BucketProperties) -> tuple[Observed[Any], ...]:
    name = own.output(lambda view: view.name)
    return (
        PublicAccessBlock(owner, name),
        OwnershipControls(owner, name),
        Versioning(owner, name),
        Encryption(owner, name, properties.encryption_algorithm, properties.encryption_key_arn),
        Lifecycle(
            owner,
            name,
            properties.intelligent_tiering_days,
            properties.noncurrent_version_expiration_days,
        ),
        BucketPolicy(owner, name, properties.shared_with_stacks),
    )


def _parts(owner: Owner, properties: BucketProperties, name: Value[str]) -> BucketParts:
    partition, _, _ = owner.arn_parts
    path = properties.path.rstrip("/")
    return BucketParts(
        bucket_id=name,
        bucket_arn=output_of(name).map(lambda name: f"arn:{partition}:s3:::{name}"),
        path=properties.path,
        artifacts_destination=output_of(name).map(lambda name: f"s3://{name}{path}"),
        encryption_key_arn=properties.encryption_key_arn or "",
        made=not properties.bucket_id,
    )


def _graph(owner: Owner, properties: BucketProperties) -> Graph:
    graph = Graph()
    reserve_name(graph, owner, "MLflowBucket")
    parts = bucket(graph, owner, properties)
    complete_bucket(graph, owner, parts)
    graph.give({str(f.alias): getattr(parts, n) for n, f in BucketAttributes.model_fields.items()})
    return graph


BUCKET = resource_type("Custom::MLflowBucket", BucketProperties, _graph)

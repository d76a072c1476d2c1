"""The properties of the server: MLflow's options, its users, and what it may reach."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, ValidationInfo, field_validator

from cfn_mlflow.types.common.image import gateway_fault, image_uri, sign_in_fault
from cfn_mlflow.types.service.property_blocks.internet import is_the_internet
from cfn_mlflow.types.values.base import Properties, described
from cfn_mlflow.types.values.faults import WrongValueError
from cfn_mlflow.types.values.lists import ListWords, read_list
from cfn_mlflow.types.values.names import (
    BucketArns,
    ContainerUser,
    ServerOptions,
)
from cfn_mlflow.types.values.rules import Boolean, text
from cfn_mlflow.types.values.standing import may_stand

GatewayProvider = Annotated[
    str,
    text(
        r"[a-z0-9][a-z0-9_.-]{0,63}",
        "be a provider as MLflow writes it, in small letters, such as openai",
    ),
]
GatewayProviders = Annotated[tuple[GatewayProvider, ...], BeforeValidator(read_list), ListWords()]


class ServerProperties(Properties):
    """MLflow's own settings, and those of its containers."""

    gunicorn_opts: ServerOptions = described(
        "GunicornOpts",
        "Options for gunicorn, as MLflow's `--gunicorn-opts` takes them. With it, MLflow leaves"
        " out its newer routes, such as those for traces of OpenTelemetry. It checks the Host"
        " header all the same.",
        default="",
        example="--timeout 120",
    )
    uvicorn_opts: ServerOptions = described(
        "UvicornOpts",
        "Options for uvicorn, as MLflow's `--uvicorn-opts` takes them.",
        default="",
        default_words="keep-alive longer than the load balancer's idle time",
        example="--timeout-keep-alive 75",
    )
    basic_auth: Boolean = described(
        "BasicAuth",
        "Whether MLflow asks for a user and a password. Its first user is `admin`, whose password"
        " is in the secret that the attribute `ServerSecretArn` names; users and their rights are"
        " in the database, for all tasks. Switched on in a running service, it makes the users'"
        " tables by a migration: a snapshot first, and no task answers while it runs (503)."
        " Passwords go over plain HTTP: it is not for the Internet.",
        default=False,
        example=True,
    )
    load_balancer_is_open_to_the_internet: Boolean = described(
        "LoadBalancerIsOpenToTheInternet",
        "Allows everybody in the world to read and write all in MLflow, and its artifacts. Without"
        " it, an MLflow without a password ({BasicAuth}) must not be open to the Internet: a load"
        " balancer with public addresses is then refused, if {LoadBalancerIngressCidrBlocks} lets"
        " in the Internet.",
        default=False,
        example=True,
    )
    ai_gateway_providers: GatewayProviders = described(
        "AiGatewayProviders",
        "Providers that MLflow's AI gateway may call, as MLflow writes them. Without any the"
        " gateway is off. All who reach MLflow may use it: with `vertex_ai`, `databricks` or"
        " `litellm` they can make the tasks send requests to addresses of their choice.",
        default=(),
        default_words="the AI gateway is off",
        example=["openai", "anthropic"],
    )
    readonly_root_filesystem: Boolean = described(
        "ReadonlyRootFilesystem",
        "Whether MLflow's containers can write to `/tmp` alone, which is then a volume of the"
        " task's own storage.",
        default=False,
        example=True,
    )
    user: ContainerUser | None = described(
        "User",
        "User that MLflow's containers run as, such as `10001:10001`. The volume that"
        " {ReadonlyRootFilesystem} brings is root's, unless the image says otherwise.",
        default=None,
        default_words="the image's, which is root in the official one",
        example="10001:10001",
    )
    artifact_buckets_mlflow_will_read: BucketArns = described(
        "ArtifactBucketsMlflowWillRead",
        "ARNs of more buckets that the tasks may read, and only read. Each must be of the same"
        " stack, shared with it or tagged `cfn-mlflow:allow` with its name. What stands for many,"
        " with `*` or `?`, needs a place in the provider's parameter `AllowedReadBucketArns`.",
        default=(),
        example=["arn:aws:s3:::shared-models"],
    )

    @field_validator("basic_auth")
    @classmethod
    @may_stand
    def _image_has_it(cls, basic_auth: bool, info: ValidationInfo) -> bool:
        if basic_auth and {"image", "image_tag"} <= info.data.keys():
            fault = sign_in_fault(image_uri(info.data["image"], info.data["image_tag"]))
            if fault:
                raise WrongValueError(fault)
        return basic_auth

    @field_validator("load_balancer_is_open_to_the_internet")
    @classmethod
    @may_stand
    def _said_in_so_many_words(cls, said: bool, info: ValidationInfo) -> bool:
        asked = info.data
        named = ("load_balancer_ingress_cidr_blocks", "load_balancer_is_internal", "basic_auth")
        if said or not asked.keys() >= {*named} or asked["load_balancer_is_internal"]:
            return said
        if is_the_internet(asked["load_balancer_ingress_cidr_blocks"]) and not asked["basic_auth"]:
            raise WrongValueError(
                "{LoadBalancerIngressCidrBlocks} let in the Internet, {LoadBalancerIsInternal} is"
                " false and {BasicAuth} too: anybody could read and write all. Change one of them,"
                " or say true here"
            )
        return said

    @field_validator("ai_gateway_providers")
    @classmethod
    @may_stand
    def _image_keeps_to_them(
        cls, providers: tuple[str, ...], info: ValidationInfo
    ) -> tuple[str, ...]:
        if providers and {"image", "image_tag"} <= info.data.keys():
            fault = gateway_fault(image_uri(info.data["image"], info.data["image_tag"]))
            if fault:
                raise WrongValueError(fault)
        return providers

    @field_validator("uvicorn_opts")
    @classmethod
    @may_stand
    def _one_server(cls, options: str, info: ValidationInfo) -> str:
        if options and info.data.get("gunicorn_opts"):
            raise WrongValueError("give this or {GunicornOpts}: MLflow runs on one server")
        return options

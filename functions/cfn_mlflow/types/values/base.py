"""What every type's properties and attributes have in common, and the one way to read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic.fields import FieldInfo

from cfn_mlflow.outcome import InvalidProperties
from cfn_mlflow.types.values.faults import Fault, Location, faults_of
from cfn_mlflow.types.values.standing import Standing

FRAMEWORK_PROPERTIES = frozenset({"ServiceToken", "ServiceTimeout"})
"""CloudFormation's own, which reach a function among the properties: no type's business."""

UNSET: tuple[object, ...] = ("", None)
"""What `!If [Condition, value, '']` sends for a property that is not wanted."""


def set_ones(written: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties that are set."""
    return {name: value for name, value in written.items() if value not in UNSET}


class Update(StrEnum):
    """What a change of a property does to what exists."""

    IN_PLACE = "in place"
    BESIDE = "a new object beside the old"
    REFUSED = "refused"


def described(  # noqa: PLR0913 - all that the docs tell of a property
    name: str,
    description: str,
    *,
    update: Update = Update.IN_PLACE,
    default: Any = ...,
    default_words: str = "",
    example: Any = None,
) -> Any:
    """Return a property or an attribute with what the docs and schemas say of it beside its type.

    `name` is CloudFormation's: it stands written out, so that a search for it ends at its field.
    `default_words` describes a default that is computed; `example` is for the docs' syntax.
    """
    extra: dict[str, Any] = {"update": update.value}
    if default_words:
        extra["defaultWords"] = default_words
    if example is not None:
        extra["examples"] = [example]
    return Field(default=default, alias=name, description=description, json_schema_extra=extra)


class Properties(BaseModel):
    """The properties of one type, by CloudFormation's names; absent and `""` are the default."""

    model_config = ConfigDict(
        validate_by_name=True,
        validate_by_alias=True,
        validate_default=True,
        extra="forbid",
        frozen=True,
        defer_build=True,
        hide_input_in_errors=True,
    )

    if TYPE_CHECKING:  # a type says which of the two it takes; each has both to be asked for

        @property
        def unique_name(self) -> str:
            """The name that what is made begins with; empty if the type makes nothing."""

        @property
        def tags(self) -> Mapping[str, str]:
            """The user's tags for what is made."""

    @model_validator(mode="before")
    @classmethod
    def _leave_out_unset(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        return set_ones(data)

    @classmethod
    def property_names(cls) -> tuple[str, ...]:
        """Return the names that a user can write, in the order of the docs."""
        return tuple(str(field.alias) for field in cls.model_fields.values())

    @classmethod
    def losing_data(cls) -> tuple[str, ...]:
        """Return the names of the properties by which a deletion loses data."""
        return ()

    @classmethod
    def located(cls, location: Location) -> tuple[Location, str, Location]:
        """Return, of the place of a fault, the part of the model, the property, the rest."""
        return (), cls.alias_of(location[0]), location[1:]

    @classmethod
    def alias_of(cls, name: int | str) -> str:
        """Return a property's name; pydantic tells a default's fault under the field's name."""
        field = cls.model_fields.get(str(name))
        return str(field.alias) if field else str(name)

    @classmethod
    def written_name(cls, part: Location, name: str, written: Mapping[str, object]) -> str:
        """Return how a user writes a part's property, given all that they wrote."""
        del part, written
        return name

    @classmethod
    def for_removal(cls) -> type[Self]:
        """Return the same model with nothing required: what is absent is empty."""
        return create_model(
            f"{cls.__name__}ForRemoval",
            __base__=cls,
            **{name: _not_required(field) for name, field in cls.model_fields.items()},
        )


def _not_required(field: FieldInfo) -> Any:
    if isinstance(field.annotation, type) and issubclass(field.annotation, Properties):
        return (field.annotation.for_removal(), field)
    if not field.is_required():
        return (field.rebuild_annotation(), field)
    empty: Any = "" if field.annotation is str else ()
    absent = Field(default=empty, alias=field.alias, validate_default=False)
    return (field.rebuild_annotation(), absent)


class Attributes(BaseModel):
    """What `Fn::GetAtt` gives of one type: strings, as last read from AWS."""

    model_config = ConfigDict(defer_build=True)


Model = TypeVar("Model", bound=Properties)


def parse(model: type[Model], properties: Mapping[str, object]) -> Model:
    """Return what a user asked for, or raise InvalidProperties with every fault together.

    A fault names the property as the user wrote it, and never tells a value.
    """
    parsed = parsed_or_faults(model, own(properties))
    if isinstance(parsed, list):
        raise InvalidProperties([str(fault) for fault in parsed])
    return parsed


def parsed_or_faults(
    model: type[Model], written: Mapping[str, object], standing: Standing = frozenset()
) -> Model | list[Fault]:
    """Return what a user asked for, or every fault of it but those that are let stand."""
    unresolved = list(_unresolved(written))
    roots = {fault.root for fault in unresolved}
    try:
        parsed = model.model_validate(written, by_alias=True, by_name=False, context=standing)
    except ValidationError as error:
        faults = faults_of(error, model, written)
    else:
        faults = []
    faults = [*(fault for fault in faults if fault.root not in roots), *unresolved]
    return faults or parsed


def parse_for_removal(model: type[Model], properties: Mapping[str, object]) -> Model:
    """Return what a Delete goes by, and refuse nothing: a request that failed is deleted too.

    A property with a fault, or of another version, counts as absent; a required one that is
    absent is empty. So what a user did not validly ask for (to skip the final snapshot, to empty
    the bucket) is not done.
    """
    lenient = model.for_removal()
    written = own(properties)
    while True:
        try:
            return lenient.model_validate(written, by_alias=True, by_name=False)
        except ValidationError as error:
            faults = faults_of(error, model, written)
        faulty = {name for fault in faults for name in (fault.root, *fault.named)}
        written = {k: v for k, v in written.items() if k not in faulty and faulty & written.keys()}


def own(properties: Mapping[str, object]) -> dict[str, object]:
    """Return the properties that are a type's business."""
    return {k: v for k, v in properties.items() if k not in FRAMEWORK_PROPERTIES}


def _unresolved(written: Mapping[str, object]) -> Iterator[Fault]:
    """Yield each property that still holds a dynamic reference, which would be taken as text."""
    for name, value in written.items():
        if any("{{resolve:" in text for text in _texts(value)):
            yield Fault(
                name,
                name,
                "holds a {{resolve:...}} reference that CloudFormation left as text;"
                " pass a parameter or an ARN",
            )


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(key)
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)

"""The base of every type's properties and attributes, and the functions that parse them."""

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
"""CloudFormation's own properties, which an event has among those of the resource."""

UNSET: tuple[object, ...] = ("", None)
"""Values that count as absent. `!If [Condition, value, '']` sends `""` for an unwanted property."""


def set_ones(written: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties that are not absent."""
    return {name: value for name, value in written.items() if value not in UNSET}


class Update(StrEnum):
    """What a change of a property does to the existing objects."""

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
    """Return the field of a property or an attribute, with its texts for the docs and schemas.

    `name` is the name in CloudFormation. It is written out, so that a search for it finds the
    field. `default_words` describes a default that is computed. `example` is for the docs.
    """
    extra: dict[str, Any] = {"update": update.value}
    if default_words:
        extra["defaultWords"] = default_words
    if example is not None:
        extra["examples"] = [example]
    return Field(default=default, alias=name, description=description, json_schema_extra=extra)


class Properties(BaseModel):
    """The properties of one type, by CloudFormation's names. `""` counts as absent."""

    model_config = ConfigDict(
        validate_by_name=True,
        validate_by_alias=True,
        validate_default=True,
        extra="forbid",
        frozen=True,
        defer_build=True,
        hide_input_in_errors=True,
    )

    if TYPE_CHECKING:  # every subclass defines both, as a field or as a property

        @property
        def unique_name(self) -> str:
            """The beginning of every object's name; empty if the type makes no objects."""

        @property
        def tags(self) -> Mapping[str, str]:
            """The user's tags for every object."""

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
        """Split the place of a fault into the model's part, the property and the place in it."""
        return (), cls.alias_of(location[0]), location[1:]

    @classmethod
    def alias_of(cls, name: int | str) -> str:
        """Return a property's name. Pydantic reports a default's fault by the field's name."""
        field = cls.model_fields.get(str(name))
        return str(field.alias) if field else str(name)

    @classmethod
    def written_name(cls, part: Location, name: str, written: Mapping[str, object]) -> str:
        """Return the name by which the user wrote, or would write, a part's property."""
        del part, written
        return name

    @classmethod
    def for_removal(cls) -> type[Self]:
        """Return the same model with no required property: an absent one is empty."""
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
    """The attributes of one type, which `Fn::GetAtt` returns: texts, fresh from AWS."""

    model_config = ConfigDict(defer_build=True)


Model = TypeVar("Model", bound=Properties)


def parse(model: type[Model], properties: Mapping[str, object]) -> Model:
    """Return the parsed properties. Raises InvalidProperties with every fault together.

    A fault names the property as the user wrote it, and never contains a value.
    """
    parsed = parsed_or_faults(model, own(properties))
    if isinstance(parsed, list):
        raise InvalidProperties([fault.cause for fault in parsed])
    return parsed


def parsed_or_faults(
    model: type[Model], written: Mapping[str, object], standing: Standing = frozenset()
) -> Model | list[Fault]:
    """Return the parsed properties, or every fault of them except those in `standing`."""
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
    """Return the properties of a Delete, and refuse none: a failed resource is deleted too.

    A property with a fault, or of another version, counts as absent. An absent required property
    is empty. So a property that is not valid never makes a Delete lose data. Examples are those
    that skip the final snapshot or empty the bucket.
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
    """Return the properties without CloudFormation's own."""
    return {k: v for k, v in properties.items() if k not in FRAMEWORK_PROPERTIES}


def _unresolved(written: Mapping[str, object]) -> Iterator[Fault]:
    """Yield a fault for each property with a dynamic reference that was not resolved."""
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

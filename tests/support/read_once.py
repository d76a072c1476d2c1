"""What botocore and moto read, make or work out anew each time is kept for the whole run.

All of it is the same whichever test asks first: files of the two packages, a key that nobody looks
at, and the same answer to the same question. Each test has an account and clients of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from inspect import isfunction
from typing import Any

import pytest
from botocore import useragent
from botocore.loaders import JSONFileLoader, Loader


class MethodNames:
    """The names of a class's methods, asked for one by one.

    moto lists the methods of a class for each request, to look for one of them. A list that is
    kept would miss a method that a test has added.
    """

    def __init__(self, of: type) -> None:
        self._of = of

    def __contains__(self, name: str) -> bool:
        return isfunction(getattr(self._of, name, None))


def install() -> None:
    """Let this process read once. Call it before moto is imported: moto reads at its import."""
    # Never undone: all tests of the process are to have it.
    patch = pytest.MonkeyPatch()
    _read_once(patch)
    _make_once(patch)


def _read_once(patch: pytest.MonkeyPatch) -> None:
    # EC2's service model alone takes 0.2 s, for each client.
    read, listed = JSONFileLoader.load_file, Loader.list_available_services

    @cache
    def load_file(path: str) -> Any:
        return read(JSONFileLoader(), path)

    @cache
    def services(kind: str) -> Any:
        return listed(Loader(), kind)

    def list_available_services(_: Loader, type_name: str) -> Any:
        return services(type_name)

    patch.setattr(JSONFileLoader, "load_file", lambda _, path: load_file(path))
    patch.setattr(Loader, "list_available_services", list_available_services)
    # moto else makes its thousand machine images anew in each test.
    patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")


def _make_once(patch: pytest.MonkeyPatch) -> None:
    # Not before what is above: these imports read.
    from moto.core import responses  # noqa: PLC0415
    from moto.core.serialize import XFormedAttributePicker as Picker  # noqa: PLC0415
    from moto.kms import models as kms  # noqa: PLC0415
    from moto.kms.utils import generate_private_key  # noqa: PLC0415

    patch.setattr(kms, "generate_private_key", cache(generate_private_key))
    patch.setattr(responses, "method_names_from_class", MethodNames)
    component = "sanitize_user_agent_string_component"
    patch.setattr(useragent, component, cache(getattr(useragent, component)))
    patch.setattr(Picker, "get_possible_keys", _kept_keys(Picker.get_possible_keys))


def _kept_keys(found: Callable[[Any, Any], Iterable[str]]) -> Callable[[Any, Any], tuple[str, ...]]:
    # moto looks for each member of each answer under half a dozen names. Which they are, the
    # class of the thing tells, and the member: not what the thing holds.
    kept: dict[tuple[object, ...], tuple[str, ...]] = {}

    def get_possible_keys(picker: Any, context: Any) -> tuple[str, ...]:
        providers = tuple(picker.alias_providers)
        asked = (type(context.obj), context.key, context.shape, providers)
        if asked not in kept:
            kept[asked] = tuple(dict.fromkeys(found(picker, context)))
        return kept[asked]

    return get_possible_keys

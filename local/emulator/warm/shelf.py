"""Modules that are loaded and not imported yet: out of `sys.modules` until the program imports one.

So a program finds in `sys.modules` what it would find there after a start from nothing. MLflow, for
one, looks there for `uvicorn` and `gunicorn`.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class Shelf(MetaPathFinder):
    """Gives a module with all that its own import has imported, which takes no time."""

    def __init__(
        self,
        names: Sequence[str],
        needs: Mapping[str, Sequence[str]],
        check: Callable[[], None],
    ) -> None:
        """Take the modules `names` out of `sys.modules`; `needs` says what each imports.

        `check` is called before the first one is given; it raises what speaks against it.
        """
        self._needs = needs
        self._check = check
        self._modules: dict[str, ModuleType] = {}
        self._given: set[str] = set()
        self._packages: dict[str, ModuleType] = {}
        for name in names:
            module = sys.modules.get(name)
            if module is not None:
                self._modules[name] = module
        for name, module in self._modules.items():
            package = sys.modules.get(name.rpartition(".")[0])
            if package is not None and vars(package).get(name.rpartition(".")[2]) is module:
                self._packages[name] = package
        for name, package in self._packages.items():
            # Not there any more if the module stands under two names.
            vars(package).pop(name.rpartition(".")[2], None)
        for name in self._modules:
            del sys.modules[name]

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return a spec of `fullname` if it stands here: its own, but for the loader."""
        del path, target
        module = self._modules.get(fullname)
        own = module.__spec__ if module is not None else None
        if module is None or own is None:
            return None
        spec = ModuleSpec(fullname, _FromShelf(self, module, own), origin=own.origin)
        spec.submodule_search_locations = own.submodule_search_locations
        spec.has_location = own.has_location
        spec.cached = own.cached
        return spec

    def give(self, name: str) -> None:
        """Put a module, and what it needs, back where it belongs."""
        if not self._given:
            self._check()
        left = [name]
        while left:
            one = left.pop()
            if one in self._modules and one not in self._given:
                self._given.add(one)
                self._put_back(one)
                left += self._needs.get(one, ())

    def _put_back(self, name: str) -> None:
        module = self._modules[name]
        if name in sys.modules:
            return
        sys.modules[name] = module
        if name in self._packages:
            setattr(self._packages[name], name.rpartition(".")[2], module)


class _FromShelf(Loader):
    """The loader of one module; what else it is asked, the module's own loader knows."""

    def __init__(self, shelf: Shelf, module: ModuleType, own: ModuleSpec) -> None:
        self._shelf = shelf
        self._module = module
        self._own = own

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module, with what it needs put back."""
        self._shelf.give(spec.name)
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """Give the module its own spec back; its code has run already."""
        module.__spec__ = self._own

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own.loader, name)

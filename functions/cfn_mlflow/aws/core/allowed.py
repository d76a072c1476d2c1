"""Objects that a property names and that belong to somebody else.

A stack may use one only if its owner says so. Otherwise anyone who may create a stack would gain
the provider's rights on it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import ClassVar

from cfn_mlflow.aws.core.errors import DENIED, code, is_missing
from cfn_mlflow.aws.core.owner import ALLOW_TAG, Owner, Tags
from cfn_mlflow.aws.core.sharing import allows_everybody_unsaid, refusal
from cfn_mlflow.engine.resource import Named, Observation
from cfn_mlflow.outcome import Cause, PermanentError
from cfn_mlflow.reason import Reason
from cfn_mlflow.runtime.log import log


@dataclass(frozen=True)
class AllowedView:
    """The tags of an object, or why it cannot be used at all."""

    tags: Tags
    problem: Cause | None = None


@dataclass(frozen=True, eq=False)
class Allowed(Named[AllowedView]):
    """An object that a property names. It is observed, and never made, changed or removed."""

    listed_in: ClassVar[str]
    """The environment variable that lists what is allowed without a tag, separated by commas."""

    owner: Owner
    property_name: str
    """As the user writes it, with the place inside it."""
    name: str

    @property
    def label(self) -> str:
        """Return the display name, with the property that names the object."""
        return f"{self.display_name} of {self.property_name}"

    def look(self) -> AllowedView:
        """Return its tags. Raises AWS's error if it is missing or access is denied."""
        raise NotImplementedError

    def observe(self) -> Observation[AllowedView]:
        """Read its tags, and refuse it if it may not be used."""
        view = self.view()
        return Observation(view, refused=self.refused(view))

    def view(self) -> AllowedView:
        """Return its tags, or a `problem` if it is missing or access is denied."""
        try:
            return self.look()
        except Exception as error:
            if is_missing(error):
                return AllowedView({}, Cause(Reason.NotFound, "does not exist"))
            if code(error) in DENIED:
                denied = "cannot be read: it or its policy denies the provider"
                return AllowedView({}, Cause(Reason.AccessDenied, denied))
            raise

    def refused(self, view: AllowedView) -> tuple[Cause, ...]:
        """Refuse what cannot be read, and what neither its owner nor the provider allows."""
        why = view.problem or (None if self.is_listed() else refusal(self.owner, view.tags))
        return (self.because(why.reason, why.words),) if why else ()

    def because(self, reason: Reason, words: str) -> Cause:
        """Return why it may not be used: the words go on after its name."""
        return Cause(reason, f"{self.property_name}: {self.name} {words}")

    def is_listed(self) -> bool:
        """Return whether a parameter of the provider allows it to every stack."""
        return self.name in listed(self.listed_in)

    def usable(self, view: AllowedView) -> str:
        """Return its name, or an empty text if the stack may not use it."""
        return "" if self.refused(view) else self.name

    def compare(self, found: Observation[AllowedView]) -> Observation[AllowedView]:
        """Fail if it is refused; warn of a tag that allows every stack, kept until 0.3.0."""
        for why in found.refused:
            raise PermanentError(why.reason, why.words)
        view = found.view
        if allows_everybody_unsaid(view.tags) and not self.is_listed():
            log.warning(
                f"{self.property_name}: the tag {ALLOW_TAG} of {self.name} names no stack, and so"
                f" allows it to every stack. From 0.3.0 on it must name {self.owner.stack_name},"
                f" or @all"
            )
        return found


@dataclass(frozen=True, eq=False)
class AllowedByDefault(Allowed):
    """An object without an owner. Any is allowed, unless a parameter of the provider lists some."""

    unlisted: ClassVar[str]
    """The reason for one that is not in the list, with the next step."""

    def look(self) -> AllowedView:
        """Return no tags: the parameter alone decides."""
        return AllowedView({})

    def refused(self, view: AllowedView) -> tuple[Cause, ...]:
        """Refuse what a list leaves out."""
        del view
        if self.is_listed() or not listed(self.listed_in):
            return ()
        return (self.because(Reason.NotAllowed, self.unlisted),)


def listed(variable: str) -> set[str]:
    """Return the items of an environment variable, which are separated by commas."""
    return {name.strip() for name in os.environ.get(variable, "").split(",") if name.strip()}

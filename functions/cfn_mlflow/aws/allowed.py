"""What is the user's own: named only if its tags or the provider's parameters allow it.

Otherwise anyone who may create a stack would gain the provider's rights on it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import ClassVar

from cfn_mlflow.aws.errors import DENIED, code, is_missing
from cfn_mlflow.aws.owner import ALLOW_TAG, Tags
from cfn_mlflow.engine.managed import ManagedObject
from cfn_mlflow.outcome import PermanentError


@dataclass(frozen=True)
class AllowedView:
    """Something of the user's as it stands, or why it cannot be read."""

    tags: Tags
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Allowed(ManagedObject[AllowedView]):
    """Something that the user names: looked at, and never made, changed or removed."""

    goes_along: ClassVar[bool] = True
    listed_in: ClassVar[str]
    """The environment variable that lists, by commas, what is allowed whatever its tags."""

    property_name: str
    name: str

    @property
    def label(self) -> str:
        """Tell it by the property that names it."""
        return f"{self.words} of {self.property_name}"

    def tags(self) -> Tags:
        """Return its tags. Raises what AWS answers when it is missing or denied."""
        raise NotImplementedError

    def read(self) -> AllowedView:
        """Read its tags; that it is missing or denied is for `refusals` to say."""
        try:
            return AllowedView(self.tags())
        except Exception as error:
            if is_missing(error):
                return AllowedView({}, "does not exist")
            if code(error) in DENIED:
                return AllowedView({}, "cannot be read: it or its policy denies the provider")
            raise

    def refusals(self, view: AllowedView) -> tuple[str, ...]:
        """Refuse what cannot be read, and what nobody allowed."""
        if view.problem:
            return (f"{self.property_name}: {self.name} {view.problem}",)
        if ALLOW_TAG in view.tags or self.name in _listed(self.listed_in):
            return ()
        return (
            f"{self.property_name}: {self.name} is not allowed to be used. Give it the tag "
            f"{ALLOW_TAG}, then deploy again",
        )

    def busy(self, view: AllowedView) -> str | None:
        """Fail if it was taken away between two looks."""
        for refusal in self.refusals(view):
            raise PermanentError(refusal)
        return None

    def create(self) -> None:
        """Never called: `read` always finds something to say."""
        raise NotImplementedError

    def delete(self, view: AllowedView) -> None:
        """Never called: it is not ours."""
        raise NotImplementedError


def _listed(variable: str) -> set[str]:
    return {name.strip() for name in os.environ.get(variable, "").split(",") if name.strip()}

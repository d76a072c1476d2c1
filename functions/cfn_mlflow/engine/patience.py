"""Patience after the engine's own create or change, which AWS may show late.

All such waits and their bounds are here. An invocation that continues a request knows what the
previous one waited for, and since when. So a bound holds for all invocations together.
"""

from __future__ import annotations

import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cfn_mlflow.engine.calls import NOT_VISIBLE, DeniedError, NotFoundError, NotKnownYetError
from cfn_mlflow.engine.resource import Observed
from cfn_mlflow.outcome import PermanentError, TemporaryError
from cfn_mlflow.reason import Reason
from cfn_mlflow.runtime.progress import Wait

SECONDS = 120.0
"""Seconds for which an object may be invisible, unknown or denied after its create or change."""

UPDATES_THAT_HELP = 5
"""The most updates of a resource. If it still differs then, more updates do not help."""

NO_TAGS = "created; its tags are not visible yet"
NOT_ALLOWED = "created; access to it is not in effect yet"

Node = Observed[Any]


@dataclass
class _Past:
    """What this convergence, or the one before it, did with one resource."""

    acted: float = -math.inf
    """When it was last created or changed."""
    unseen: bool = False
    """Whether it was created and not observed since."""
    told: bool = False
    """Whether only an earlier invocation says so."""
    unknown: tuple[str, float] | None = None
    """What AWS does not know yet, and since when it says so without a break."""
    updates: int = 0
    looks: int = 0
    """How many more steps to wait for the last update to show."""


class Patience:
    """Remembers what one convergence has created and changed, and for how long to wait for it."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._past: defaultdict[int, _Past] = defaultdict(_Past)

    def resume(self, nodes: Sequence[Node], waited: Mapping[str, Wait]) -> None:
        """Go on with what an earlier invocation of the request waited for, by the labels.

        Nobody proves what an earlier invocation said. It can delay a create, or shorten the wait
        while AWS answers with an error. It is never the error.
        """
        labels = Counter(node.label for node in nodes)
        for node in nodes:
            wait = waited.get(node.label)
            if wait is None or labels[node.label] > 1:
                continue
            past = self._of(node)
            if wait.state.endswith((NOT_VISIBLE, NO_TAGS, NOT_ALLOWED)):
                past.acted = wait.state_since
            if wait.state in (NOT_VISIBLE, NO_TAGS):
                past.unseen = past.told = True
            if wait.state in (NOT_VISIBLE, NotKnownYetError.waits):
                past.unknown = (wait.state, wait.state_since)

    def created(self, node: Node) -> None:
        """Note that the engine created the resource."""
        past = self._of(node)
        past.acted, past.unknown = self._now(), None
        past.unseen, past.told = True, False

    def seen(self, node: Node) -> None:
        """Note that it is visible, and owned."""
        self._of(node).unseen = False

    def known(self, node: Node) -> None:
        """Note that a step with it ended without an error."""
        self._of(node).unknown = None

    def updated(self, node: Node) -> None:
        """Note that the engine changed the resource, and double the steps to wait for it."""
        past = self._of(node)
        past.acted, past.unknown = self._now(), None
        past.looks = 2**past.updates
        past.updates += 1

    def waits_for_its_creation(self, node: Node) -> bool:
        """Return whether it was created and never seen since.

        Raises PermanentError once that has lasted too long, unless another invocation created it.
        """
        past = self._of(node)
        if past.unseen and not self._lasts((node,)):
            if not past.told:
                raise PermanentError(
                    Reason.NotCreated,
                    f"{node.label}: created, and not visible for {SECONDS:.0f} s. Deploy again",
                )
            past.unseen = False
        return past.unseen

    def waits_for_its_tags(self, node: Node) -> bool:
        """Return whether it was just created, so that its owner tag may still be missing."""
        return self._of(node).unseen and self._lasts((node,))

    def waits_for_its_update(self, node: Node, differs: Iterable[str]) -> bool:
        """Return whether the last update may still show; False if another may help.

        Raises PermanentError once none does.
        """
        past = self._of(node)
        if past.looks:
            past.looks -= 1
            return True
        if past.updates == UPDATES_THAT_HELP:
            raise PermanentError(
                Reason.ChangeNotTaken,
                f"{node.label}: {', '.join(differs)} still not as asked after "
                f"{UPDATES_THAT_HELP} updates. Look who else changes it, then deploy again",
            )
        return False

    def bear(
        self, node: Node, needs: Iterable[Node], error: TemporaryError | PermanentError
    ) -> str:
        """Return what to wait for if an error may pass by itself; else raise it.

        An error that says "denied" or "not found" may pass by itself. That is so if the resource,
        or one that it needs, was just created or changed here.
        """
        past = self._of(node)
        if isinstance(error, NotKnownYetError):
            if past.unknown is None or past.unknown[0] != error.waits:
                past.unknown = (error.waits, self._now())
            if self._now() - past.unknown[1] < SECONDS:
                return error.waits
            raise error
        past.unknown = None
        if isinstance(error, TemporaryError):
            return str(error)
        if isinstance(error, DeniedError | NotFoundError):
            words = NOT_ALLOWED if isinstance(error, DeniedError) else NOT_VISIBLE
            if self._lasts((node,)):
                return words
            if self._lasts(needs):
                return f"what it needs: {words}"
        raise error

    def _lasts(self, nodes: Iterable[Node]) -> bool:
        now = self._now()
        return any(now - self._of(node).acted < SECONDS for node in nodes)

    def _of(self, node: Node) -> _Past:
        return self._past[id(node)]

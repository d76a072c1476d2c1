"""Patience after our own create or change: AWS may not show at once what it was told.

All of it is here, with its bounds. An invocation that goes on with a request is told what the one
before waited for, and since when: so a bound holds for both.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from cfn_mlflow.engine.calls import DeniedError, NotFoundError, NotKnownYetError
from cfn_mlflow.engine.resource import Observed
from cfn_mlflow.outcome import PermanentError
from cfn_mlflow.runtime.progress import Wait

SECONDS = 120.0
"""So long something that was just created or changed may be invisible, unknown or denied."""

UPDATES_THAT_HELP = 5
"""A resource that still differs after so many updates always will."""

NOT_VISIBLE = "created; not visible yet"
NO_TAGS = "created; its tags are not visible yet"
NOT_ALLOWED = "created; access to it is not in effect yet"

Node = Observed[Any]


class Patience:
    """Remembers what one convergence has created and changed, and for how long to wait for it."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._acted: dict[int, float] = {}
        self._unseen: set[int] = set()
        self._told: set[int] = set()
        self._sighted: set[int] = set()
        self._unknown: dict[int, float] = {}
        self._updates: Counter[int] = Counter()
        self._looks: Counter[int] = Counter()

    def resume(self, nodes: Sequence[Node], waited: Mapping[str, Wait]) -> None:
        """Go on with what an earlier invocation of the request waited for, by the labels.

        What was waited for longer has waited for something else before: its time begins now. Nobody
        proves what an earlier invocation said: so it delays a create, and fails nothing.
        """
        now = self._now()
        labels = Counter(node.label for node in nodes)
        for node in nodes:
            wait = waited.get(node.label)
            if wait is None or labels[node.label] > 1:
                continue
            since = wait.since if now - wait.since < SECONDS else now
            if wait.state.endswith((NOT_VISIBLE, NO_TAGS, NOT_ALLOWED)):
                self._acted[id(node)] = since
            if wait.state in (NOT_VISIBLE, NO_TAGS):
                self._unseen.add(id(node))
                self._told.add(id(node))
            if wait.state in (NOT_VISIBLE, NotKnownYetError.waits):
                self._unknown[id(node)] = since

    def created(self, node: Node) -> None:
        """Note our own create."""
        self._acted[id(node)] = self._now()
        self._unknown.pop(id(node), None)
        self._unseen.add(id(node))
        self._told.discard(id(node))

    def seen(self, node: Node) -> None:
        """Note that it is visible, and ours."""
        self._unseen.discard(id(node))
        if id(node) not in self._sighted:
            self._sighted.add(id(node))
            self._unknown.pop(id(node), None)

    def updated(self, node: Node) -> None:
        """Note our own change: each one more gives it twice as many looks to show."""
        self._acted[id(node)] = self._now()
        self._unknown.pop(id(node), None)
        self._looks[id(node)] = 2 ** self._updates[id(node)]
        self._updates[id(node)] += 1

    def waits_for_its_creation(self, node: Node) -> bool:
        """Tell whether it was created and never seen since.

        Raises PermanentError once that has lasted too long, unless another invocation created it.
        """
        if id(node) not in self._unseen:
            return False
        if self._lasts((node,)):
            return True
        if id(node) in self._told:
            self._unseen.discard(id(node))
            return False
        raise PermanentError(
            f"{node.label}: created, and not visible for {SECONDS:.0f} seconds. Deploy again"
        )

    def waits_for_its_tags(self, node: Node) -> bool:
        """Tell whether it was just created, so that its owner tag may still be missing."""
        return id(node) in self._unseen and self._lasts((node,))

    def waits_for_its_update(self, node: Node, differs: Iterable[str]) -> bool:
        """Tell whether the last update may still show; False if another may help.

        Raises PermanentError once none does.
        """
        if self._looks[id(node)]:
            self._looks[id(node)] -= 1
            return True
        if self._updates[id(node)] == UPDATES_THAT_HELP:
            raise PermanentError(
                f"{node.label}: {', '.join(differs)} still not as asked after "
                f"{UPDATES_THAT_HELP} updates"
            )
        return False

    def bear(self, node: Node, needs: Iterable[Node], error: PermanentError) -> str:
        """Return what to wait for if an error may pass by itself; else raise it.

        What says "denied" or "not found" may pass if the resource, or one that it needs, was just
        created or changed here.
        """
        if isinstance(error, NotKnownYetError):
            since = self._unknown.setdefault(id(node), self._now())
            if self._now() - since < SECONDS:
                return error.waits
        elif isinstance(error, DeniedError | NotFoundError):
            words = NOT_ALLOWED if isinstance(error, DeniedError) else NOT_VISIBLE
            if self._lasts((node,)):
                return words
            if self._lasts(needs):
                return f"what it needs: {words}"
        raise error

    def _lasts(self, nodes: Iterable[Node]) -> bool:
        now = self._now()
        acted = (self._acted[id(node)] for node in nodes if id(node) in self._acted)
        return any(now - moment < SECONDS for moment in acted)

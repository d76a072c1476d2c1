"""Follows a stack's operation to its end: events, lines of our functions' logs, how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cfn_mlflow_watch.causes import causes, next_step
from cfn_mlflow_watch.cloudformation import CloudFormation, NoStackError
from cfn_mlflow_watch.errors import is_passing
from cfn_mlflow_watch.items import Began, Ended, Event, Item, Line, Notice, Stack
from cfn_mlflow_watch.logs import Logs, Source
from cfn_mlflow_watch.operation import Operation
from cfn_mlflow_watch.patience import Answer, Patience
from cfn_mlflow_watch.resource_types import PROVIDER_NAME, log_group
from cfn_mlflow_watch.statuses import DELETE, is_in_progress, succeeded

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_logs import CloudWatchLogsClient

PAUSE = 2.0
"""Seconds between two looks."""
LATE_LOOKS = 5
"""Looks for the event that ends an operation, once the stack's status has ended it."""
PATIENCE = 600.0
"""Seconds for which AWS may refuse or not be reached, in a watch that had begun."""


@dataclass
class Watch:
    """Watches one stack; `wait_for_start` waits for an operation to begin, be it the first."""

    cloudformation: CloudFormationClient
    logs: CloudWatchLogsClient
    provider_name: str = PROVIDER_NAME
    wait_for_start: bool = False
    pause: float = PAUSE
    patience: float = PATIENCE
    sleep: Callable[[float], None] = time.sleep
    _ready: list[Event | Line | Notice] = field(default_factory=list)
    _faults: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def items(self, name: str) -> Iterator[Item]:
        """Give all there is to tell, until the operation has ended. Raises NoStackError."""
        reader = CloudFormation(self.cloudformation)
        stack = yield from self._found(reader, name)
        operation = yield from self._answer(lambda: Operation.last_of(reader, stack))
        if not is_in_progress(stack.status) and not self.wait_for_start:
            yield from self._answer(lambda: self._read_back(operation))
            yield self._ended(operation, at_rest=True)
            return
        yield Began(stack, operation.kind, operation.began)
        if stack.status == "REVIEW_IN_PROGRESS":
            yield Notice(f"A change set of {name} waits to be executed, or to be deleted.")
        logs = Logs(self.logs, operation.began)
        yield from self._until_the_end(operation, logs)
        self.sleep(self.pause)  # what was written last is found last
        yield from (yield from self._answer(lambda: self._look(operation, logs)))
        yield self._ended(operation)

    def _answer(self, ask: Callable[[], Answer]) -> Generator[Notice, None, Answer]:
        return Patience(self.patience, self.pause, self.sleep).answer(ask)

    # --- before it begins ---

    def _found(self, reader: CloudFormation, name: str) -> Generator[Item, None, Stack]:
        """Return the stack, once there is something to watch.

        The first look has no patience: a wrong Region or endpoint is to be told at once.
        """
        try:
            stack = reader.stack(name)
        except NoStackError:
            if not self.wait_for_start:
                raise
            yield Notice(f"There is no stack {name} yet: waiting for it.")
            return (yield from self._once_there(reader, name))
        if not self.wait_for_start or is_in_progress(stack.status):
            return stack
        yield Notice(f"{name} is {stack.status}: waiting for its next operation.")
        yield from self._next_event(reader, stack)
        return (yield from self._answer(lambda: reader.stack(stack.id)))

    def _once_there(self, reader: CloudFormation, name: str) -> Generator[Item, None, Stack]:
        while True:
            self.sleep(self.pause)
            try:
                return (yield from self._answer(lambda: reader.stack(name)))
            except NoStackError:
                continue

    def _next_event(self, reader: CloudFormation, stack: Stack) -> Generator[Item, None, None]:
        def newest() -> str:
            return next(reader.newest_first(stack.id)).id

        last = yield from self._answer(newest)
        while (yield from self._answer(newest)) == last:
            self.sleep(self.pause)

    # --- until it ends ---

    def _until_the_end(self, operation: Operation, logs: Logs) -> Iterator[Item]:
        def news() -> list[Item]:
            operation.stack = operation.reader.stack(operation.stack.id)
            return self._look(operation, logs)

        looks_at_rest = 0
        while True:
            yield from (yield from self._answer(news))
            if not is_in_progress(operation.stack.status):
                looks_at_rest += 1
                if operation.is_over or looks_at_rest == LATE_LOOKS:
                    return
            self.sleep(self.pause)

    def _look(self, operation: Operation, logs: Logs) -> list[Item]:
        """Return what is new, by time; what was read before an error comes with the next look."""
        operation.new(lambda event: self._take(event, logs))
        for item in logs.new():
            self._ready.append(item)
        ready, self._ready = self._ready, []
        told = [item for item in ready if not isinstance(item, Notice)]
        self._note_faults(told)
        notices = [item for item in ready if isinstance(item, Notice)]
        return [*notices, *sorted(told, key=lambda item: item.time)]

    def _take(self, event: Event, logs: Logs) -> None:
        self._ready.append(event)
        group = log_group(event, self.provider_name)
        if group:
            stack_name = event.stack_id.split("/")[1]
            logs.add(Source(event.stack_id, stack_name, event.logical_id, event.path, group))

    # --- at the end ---

    def _read_back(self, operation: Operation) -> None:
        """Read an operation that is over: its events, and of the logs the faults of a failure."""
        logs = Logs(self.logs, operation.began)
        operation.new(lambda event: self._take(event, logs))
        if succeeded(operation.kind, operation.stack.status):
            return
        try:
            self._note_faults(logs.new())
        except Exception as error:
            if not is_passing(error):
                raise

    def _note_faults(self, told: Iterable[Event | Line | Notice]) -> None:
        lines = (item for item in told if isinstance(item, Line) and item.faults)
        self._faults |= {line.path: line.faults for line in lines}

    def _ended(self, operation: Operation, *, at_rest: bool = False) -> Ended:
        stack, kind = operation.stack, operation.kind
        well = succeeded(kind, stack.status)
        events = sorted(operation.events, key=lambda event: event.time)
        last = events[-1].time if events else operation.began
        return Ended(
            stack=stack,
            operation=kind,
            succeeded=well,
            time=last,
            seconds=(last - operation.began).total_seconds(),
            causes=() if well else causes(events, self.provider_name, self._faults),
            next_step="" if well else next_step(stack.status, stack.name),
            at_rest=at_rest,
        )


def outputs_of(ended: Ended) -> dict[str, str]:
    """Return the outputs that hold after the operation; a deleted stack has none."""
    return {} if ended.operation == DELETE else dict(ended.stack.outputs)

"""One stack's life on the local AWS: what each operation calls, how late its answer comes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import objects, stock
from bench.watch import Ended, Memory, Readiness, follow
from local.aws import LocalAws
from tests.support.local_aws.stacks import Stack
from tests.support.mlflow.mlflow_stacks import make_network, one_resource

FUNCTION = "cfn-mlflow-MLflow"

# CloudFormation's own: it changes what the stack says, and nothing that it made.
NO_OP = {"ServiceTimeout": "3599"}
CHANGE = {**NO_OP, "ServiceCpu": "1024"}
INVALID = {"ServiceCpu": "3000"}

Calls = Counter[tuple[str, str]]
"""How often, by service and action."""


@dataclass
class Operations:
    """What was measured."""

    objects: int
    calls: dict[str, Calls] = field(default_factory=dict)
    """By operation: the calls of our function."""
    stock_calls: Calls = field(default_factory=Calls)
    """Of the stock crhelper function, for one Create."""
    seconds: dict[str, float] = field(default_factory=dict)
    """By operation, from the call of CloudFormation until the stack is complete."""
    lags: dict[str, float] = field(default_factory=dict)
    """By operation: seconds from ready to answered."""
    stock_lag: float = 0.0
    """The same for the stock function."""
    peak_bytes: dict[str, int] = field(default_factory=dict)
    """By function."""


def measure(artifact: Path) -> Operations:
    """Make, change and remove a stack on a local AWS of its own; a few minutes."""
    with LocalAws() as aws:
        aws.deploy_provider()
        return _Run(aws, artifact).all()


class _Run:
    def __init__(self, aws: LocalAws, artifact: Path) -> None:
        self._aws = aws
        self._network = make_network(aws)
        self._stock = stock.deploy(aws, artifact)
        self._memory = Memory(aws)
        self._readiness = Readiness(aws)
        template = one_resource(self._network)
        properties = template["Resources"]["MLflow"]["Properties"]
        self._found = Operations(objects.count({**properties, "ServiceToken": FUNCTION}))

    def all(self) -> Operations:
        stack = self._create()
        self._update("no-op update", stack, NO_OP)
        changed = self._update("update of the tasks", stack, CHANGE, self._readiness)
        self._found.lags["update of the tasks"] = changed.lag
        self._refuse()
        self._delete(stack)
        self._found.peak_bytes = self._memory.peak_bytes
        return self._found

    def _create(self) -> Stack:
        """Make our stack and, beside it, the stock one that waits for the same objects."""
        with self._counted("create"):
            stack = Stack.create(self._aws, "bench", one_resource(self._network), wait=False)
            beside = Stack.create(self._aws, "stock", self._stock, wait=False)
            waits = [(FUNCTION, stack), (stock.FUNCTION, beside)]
            ended = follow(self._memory, waits, self._readiness)
        self._found.seconds["create"] = ended[FUNCTION].seconds
        self._found.lags["create"] = ended[FUNCTION].lag
        self._found.stock_lag = ended[stock.FUNCTION].lag
        self._found.stock_calls = self._calls_of(stock.FUNCTION)
        return stack

    def _update(
        self,
        operation: str,
        stack: Stack,
        properties: dict[str, str],
        readiness: Readiness | None = None,
    ) -> Ended:
        with self._counted(operation):
            stack.update(one_resource(self._network, **properties), wait=False)
            ended = follow(self._memory, [(FUNCTION, stack)], readiness)[FUNCTION]
        self._found.seconds[operation] = ended.seconds
        return ended

    def _refuse(self) -> None:
        """Ask for what cannot be; without the rollback, whose Delete looks for what there is."""
        with self._counted("invalid property"):
            started = time.monotonic()
            wrong = one_resource(self._network, **INVALID)
            stack = Stack.create(self._aws, "invalid", wrong, DisableRollback=True)
            self._found.seconds["invalid property"] = time.monotonic() - started
        if "ServiceCpu" not in stack.failures().get("MLflow", ""):
            raise RuntimeError(f"the invalid property was not refused: {stack.events()}")
        stack.delete()

    def _delete(self, stack: Stack) -> None:
        with self._counted("delete"):
            stack.delete(wait=False)
            ended = follow(self._memory, [(FUNCTION, stack)])[FUNCTION]
        self._found.seconds["delete"] = ended.seconds

    @contextmanager
    def _counted(self, operation: str) -> Iterator[None]:
        before = self._calls_of(FUNCTION)
        yield
        self._found.calls[operation] = self._calls_of(FUNCTION) - before

    def _calls_of(self, function: str) -> Calls:
        return Counter(
            {
                (call["service"], call["action"]): call["count"]
                for call in self._aws.calls()
                if call["caller"] == function
            }
        )
